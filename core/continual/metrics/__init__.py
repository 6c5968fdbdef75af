"""Continual metrics: records in, numbers out. None of them needs a model."""

from core.continual.metrics.contract import BaseMetric, MetricValue, measure
from core.continual.metrics.report import Report, report, with_severities

__all__ = ["BaseMetric", "MetricValue", "Report", "measure", "report", "with_severities"]
