"""What a continual metric is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.continual.types import MemoryRecord, MethodRun, RecordKind, StepRecord


@dataclass(frozen=True)
class MetricValue:
    """A figure from ``n`` observations, None where the records cannot give it; ``note`` says what a reader must know,
    ``detail`` holds what belongs beside it (a matrix, a curve)."""

    value: float | None
    n: int
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


class BaseMetric(ABC):
    """Takes the records of one run in their order, and says its figure at any time. ``requires`` names the records
    that it looks at; it is given no others."""

    name: ClassVar[str]
    title: ClassVar[str]
    higher_is_better: ClassVar[bool]
    requires: ClassVar[frozenset[RecordKind]]

    @abstractmethod
    def update(self, record: StepRecord) -> None:
        """Take a record of scores."""

    @abstractmethod
    def compute(self) -> MetricValue:
        """The figure over all records so far."""

    @abstractmethod
    def reset(self) -> None:
        """Forget all records."""


class MemoryMetric(BaseMetric):
    """One that looks at what the memory holds, too."""

    @abstractmethod
    def update_memory(self, record: MemoryRecord) -> None:
        """Take a record of the memory."""


def measure(metric: BaseMetric, run: MethodRun) -> MetricValue:
    """The figure of a whole run."""
    metric.reset()
    for record in run.steps:
        if record.kind in metric.requires:
            metric.update(record)
    if isinstance(metric, MemoryMetric):
        for kept in run.memory:
            metric.update_memory(kept)
    return metric.compute()
