"""What undetected failures cost: conditional value at risk, with its population stated.

``all``: every item of the final probes, ``S (1 - p)`` for an anomaly and ``cost * p`` for a normal one (the headline);
``critical``: critical anomalies alone. The latter says little where 5 % of them are missed badly by every method: its
curve over alpha and its mean stand beside it.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.continual.cvar import cvar
from core.continual.metrics.contract import BaseMetric, MetricValue
from core.continual.types import CRITICAL, RecordKind, StepRecord

ALPHAS = (0.5, 0.8, 0.9, 0.95)
HEADLINE = 0.95
LEAST = 20  # losses below which the worst 5 % are just the largest one

Population = Literal["all", "critical"]


class Cvar(BaseMetric):
    """CVaR at 0.95 over all items. ``cost`` of a false alarm; by default the mean severity of the anomalies."""

    name, title, higher_is_better = "cvar", "CVaR@0.95, all items", False
    requires: ClassVar[frozenset[RecordKind]] = frozenset({"probe"})
    population: ClassVar[Population] = "all"

    def __init__(self, cost: float | None = None) -> None:
        self._cost = cost
        self.reset()

    def reset(self) -> None:
        self._records: list[StepRecord] = []

    def update(self, record: StepRecord) -> None:
        if self._records and self._records[-1].task != record.task:
            self._records.clear()
        self._records.append(record)

    def losses(self) -> NDArray[np.float64]:
        """(n,) in [0, 1] where severities and cost are."""
        label = np.concatenate([record.label for record in self._records])
        severity = np.concatenate([record.severity for record in self._records]).astype(np.float64)
        p = np.concatenate([record.probability for record in self._records]).astype(np.float64)
        missed = severity * (1 - p)
        if self.population == "critical":
            return np.asarray(missed[label & (severity >= np.float32(CRITICAL))])
        cost = self._cost if self._cost is not None else float(severity[label].mean()) if label.any() else 1.0
        return np.where(label, missed, cost * p)

    def compute(self) -> MetricValue:
        losses = self.losses() if self._records else np.empty(0)
        n = len(losses)
        detail = {
            "population": self.population,
            "curve": {f"{alpha:g}": cvar(losses, alpha) for alpha in ALPHAS} if n else {},
            "mean": float(losses.mean()) if n else None,
        }
        if n < LEAST:
            return MetricValue(None, n, f"fewer than {LEAST} losses: no tail to average", detail)
        return MetricValue(cvar(losses, HEADLINE), n, "", detail)


class CriticalCvar(Cvar):
    """CVaR at 0.95 over critical anomalies."""

    name, title = "cvar_critical", "CVaR@0.95, critical anomalies"
    population: ClassVar[Population] = "critical"


class CriticalLoss(CriticalCvar):
    """Mean loss of the critical anomalies: the curve's end at alpha 0."""

    name, title = "critical_loss", "Mean critical loss"

    def compute(self) -> MetricValue:
        losses = self.losses() if self._records else np.empty(0)
        return MetricValue(float(losses.mean()) if len(losses) else None, len(losses))
