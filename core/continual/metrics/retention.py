"""Is the memory spent on what matters?

The share of critical items in a memory can be had by filling it with one crack; it stands beside its ratio to the share
in the stream, and beside what the memory achieves (``me_perf``, in ``report.py``, which needs two other methods).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from core.continual.metrics.contract import MemoryMetric, MetricValue
from core.continual.types import CRITICAL, MemoryRecord, RecordKind, StepRecord


class MeCritical(MemoryMetric):
    """Share of critical items in the memory at the end."""

    name, title, higher_is_better = "me_critical", "Critical share of the memory", True
    requires: ClassVar[frozenset[RecordKind]] = frozenset({"stream"})

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._last: MemoryRecord | None = None
        self._seen = self._critical = 0

    def update(self, record: StepRecord) -> None:
        self._seen += len(record.ids)
        self._critical += int((record.severity >= CRITICAL).sum())

    def update_memory(self, record: MemoryRecord) -> None:
        self._last = record

    def _share(self) -> float | None:
        if self._last is None or not len(self._last.ids):
            return None
        return float(np.mean(self._last.severity >= CRITICAL))

    def compute(self) -> MetricValue:
        n = 0 if self._last is None else len(self._last.ids)
        return MetricValue(self._share(), n, "" if n else "no memory")


class MeLift(MeCritical):
    """The same over the share of critical items in the stream."""

    name, title = "me_lift", "Critical share of the memory over that of the stream"

    def compute(self) -> MetricValue:
        share, n = self._share(), 0 if self._last is None else len(self._last.ids)
        if share is None or not self._critical:
            return MetricValue(None, n, "no memory" if share is None else "no critical anomalies in the stream")
        return MetricValue(share * self._seen / self._critical, n)


class MemoryBytes(MeCritical):
    """Bytes of everything that was kept at the end."""

    name, title, higher_is_better = "memory_bytes", "Memory, bytes", False

    def compute(self) -> MetricValue:
        return MetricValue(None if self._last is None else float(self._last.nbytes), int(self._last is not None))
