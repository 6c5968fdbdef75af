"""Are the dangerous ones found, and at what price in false alarms?

All figures are at the threshold of each record, which comes from normals alone.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.continual.metrics.contract import BaseMetric, MetricValue
from core.continual.types import CRITICAL, RecordKind, StepRecord
from core.metrics.ranking import auroc


def caf1(
    label: NDArray[np.bool_], severity: NDArray[np.floating], verdict: NDArray[np.bool_], least: float = CRITICAL
) -> float | None:
    """F1 of critical anomalies: ``2 TP / (2 TP + FP + FN)``, TP and FN over anomalies of severity ``least`` or more, FP
    over **all** normals. Anomalies that are not critical are ignored: calling them is neither rewarded nor punished.
    None without critical anomalies.

    An always-alarm detector has ``2 pi / (1 + pi)``, pi being the share of critical ones among critical and normal.
    """
    critical = label & (severity >= least)
    if not critical.any():
        return None
    hit = int((critical & verdict).sum())
    return 2 * hit / (hit + int(critical.sum()) + int((~label & verdict).sum()))


def swf1(label: NDArray[np.bool_], severity: NDArray[np.floating], verdict: NDArray[np.bool_]) -> float | None:
    """Severity-weighted F1: anomalies count by their severity, a false alarm by the mean severity. None without
    anomalies."""
    if not label.any():
        return None
    found = float(severity[label & verdict].sum(dtype=np.float64))
    missed = float(severity[label & ~verdict].sum(dtype=np.float64))
    alarms = float(severity[label].mean(dtype=np.float64)) * int((~label & verdict).sum())
    return 2 * found / (2 * found + missed + alarms)


class _Pooled(BaseMetric):
    """Over all rows of records of one kind. Of probes, those after the latest task: what is known in the end."""

    requires: ClassVar[frozenset[RecordKind]] = frozenset({"probe"})

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._records: list[StepRecord] = []

    def update(self, record: StepRecord) -> None:
        if record.kind == "probe" and self._records and self._records[-1].task != record.task:
            self._records.clear()
        self._records.append(record)

    def _joined(self) -> tuple[NDArray[np.bool_], NDArray[np.float32], NDArray[np.bool_]]:
        return (
            np.concatenate([record.label for record in self._records]),
            np.concatenate([record.severity for record in self._records]),
            np.concatenate([record.verdict for record in self._records]),
        )


class Caf1(_Pooled):
    """CAF1 over all probes after the last task."""

    name, title, higher_is_better = "caf1", "CAF1", True

    def compute(self) -> MetricValue:
        if not self._records:
            return MetricValue(None, 0, "no probes")
        label, severity, verdict = self._joined()
        n = int((label & (severity >= CRITICAL)).sum())
        return MetricValue(caf1(label, severity, verdict), n, "" if n else "no critical anomalies")


class StreamCaf1(Caf1):
    """CAF1 over the stream, each sample judged before it was learned."""

    name, title = "caf1_stream", "CAF1, prequential"
    requires: ClassVar[frozenset[RecordKind]] = frozenset({"stream"})


class Swf1(_Pooled):
    """Severity-weighted F1 over all probes after the last task."""

    name, title, higher_is_better = "swf1", "Severity-weighted F1", True

    def compute(self) -> MetricValue:
        if not self._records:
            return MetricValue(None, 0, "no probes")
        label, severity, verdict = self._joined()
        return MetricValue(swf1(label, severity, verdict), int(label.sum()))


class CriticalRecall(_Pooled):
    """Share of the critical anomalies in the final probes that are called."""

    name, title, higher_is_better = "critical_recall", "Critical recall", True

    def compute(self) -> MetricValue:
        if not self._records:
            return MetricValue(None, 0, "no probes")
        label, severity, verdict = self._joined()
        critical = label & (severity >= CRITICAL)
        n = int(critical.sum())
        return MetricValue(float(verdict[critical].mean()) if n else None, n)


class FalseAlarms(_Pooled):
    """Share of the normals in the final probes that are called."""

    name, title, higher_is_better = "false_alarm_rate", "False alarms", False

    def compute(self) -> MetricValue:
        if not self._records:
            return MetricValue(None, 0, "no probes")
        label, _, verdict = self._joined()
        n = int((~label).sum())
        return MetricValue(float(verdict[~label].mean()) if n else None, n)


class StreamAuroc(BaseMetric):
    """Mean over tasks of the AUROC of the stream, each sample judged before it was learned. Scores are compared within
    a task only, and drift as the learner changes: it is a figure of the whole course, not of one model."""

    name, title, higher_is_better = "auroc_stream", "AUROC, prequential", True
    requires: ClassVar[frozenset[RecordKind]] = frozenset({"stream"})

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._by_task: dict[int, list[StepRecord]] = {}

    def update(self, record: StepRecord) -> None:
        self._by_task.setdefault(record.task, []).append(record)

    def compute(self) -> MetricValue:
        found = []
        for records in self._by_task.values():
            score = np.concatenate([record.score for record in records])
            value = auroc(score, np.concatenate([record.label for record in records]))
            if value is not None:
                found.append(value)
        return MetricValue(float(np.mean(found)) if found else None, len(found))


Series = Literal["caf1", "auroc"]


def figure(record: StepRecord, series: Series) -> float | None:
    """One record's CAF1 or AUROC."""
    if series == "caf1":
        return caf1(record.label, record.severity, record.verdict)
    return auroc(record.score, record.label)
