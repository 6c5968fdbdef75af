"""The task matrix and what is read off it.

``R[i, j]`` is the AUROC on the probe of task j after learning task i; row -1, the untrained model, is kept apart as b.

- ACC = mean over j of R[T, j]; AvgAcc = mean over i of the mean over j <= i of R[i, j];
- BWT = mean over j < T of R[T, j] - R[j, j] (Lopez-Paz and Ranzato, NeurIPS 2017);
- FM = mean over j < T of max over l in j..T-1 of R[l, j], less R[T, j] (Chaudhry et al., ECCV 2018, from j on);
- FWT = mean over j > 1 of R[j - 1, j] - b[j].

Conventions differ between libraries; these are the ones used here.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.continual.metrics.contract import BaseMetric, MetricValue
from core.continual.types import RecordKind, StepRecord
from core.metrics.ranking import auroc

Matrix = NDArray[np.float64]


def acc(matrix: Matrix) -> float:
    """Mean of the last row."""
    return float(np.mean(matrix[-1]))


def average_acc(matrix: Matrix) -> float:
    """Mean over rows of the mean of what was learned by then."""
    return float(np.mean([matrix[i, : i + 1].mean() for i in range(len(matrix))]))


def bwt(matrix: Matrix) -> float:
    """Backward transfer; NaN for one task. Negative: old tasks were forgotten."""
    last = len(matrix) - 1
    return float(np.mean(matrix[-1, :last] - np.diag(matrix)[:last])) if last else float("nan")


def fm(matrix: Matrix) -> float:
    """Forgetting: how far old tasks lie below their best; NaN for one task."""
    last = len(matrix) - 1
    if not last:
        return float("nan")
    best = np.array([matrix[task:last, task].max() for task in range(last)])
    return float(np.mean(best - matrix[-1, :last]))


def fwt(matrix: Matrix, untrained: NDArray[np.float64]) -> float:
    """Forward transfer over an untrained model (T,); NaN for one task."""
    n = len(matrix)
    gains = [matrix[task - 1, task] - untrained[task] for task in range(1, n)]
    return float(np.mean(gains)) if gains else float("nan")


class TaskMatrix(BaseMetric):
    """Base of the figures that are read off the matrix; on its own it is ACC, with the matrix in ``detail``."""

    name, title, higher_is_better = "acc", "ACC (mean AUROC)", True
    requires: ClassVar[frozenset[RecordKind]] = frozenset({"probe"})

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._cells: dict[tuple[int, int], float] = {}

    def update(self, record: StepRecord) -> None:
        value = auroc(record.score, record.label)
        if value is not None:
            self._cells[record.task, record.about] = value

    def matrix(self) -> Matrix:
        """(i, T) of the tasks learned so far; NaN in cells without a record."""
        rows = max((i for i, _ in self._cells), default=-1) + 1
        columns = max((j for _, j in self._cells), default=-1) + 1
        found = np.full((rows, columns), np.nan)
        for (i, j), value in self._cells.items():
            if i >= 0:
                found[i, j] = value
        return found

    def untrained(self) -> NDArray[np.float64]:
        """(T,) AUROC before anything was learned; 0.5 where nobody looked."""
        columns = max((j for _, j in self._cells), default=-1) + 1
        return np.array([self._cells.get((-1, j), 0.5) for j in range(columns)])

    def compute(self) -> MetricValue:
        matrix = self.matrix()
        if not matrix.size or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
            return MetricValue(None, len(matrix), "not all tasks were learned and probed", {"matrix": matrix.tolist()})
        value = self._figure(matrix)
        detail = {"matrix": matrix.tolist()} if type(self) is TaskMatrix else {}
        return MetricValue(value if np.isfinite(value) else None, len(matrix), "", detail)

    def _figure(self, matrix: Matrix) -> float:
        return acc(matrix)


class AverageAcc(TaskMatrix):
    """AvgAcc."""

    name, title = "avg_acc", "Average ACC"

    def _figure(self, matrix: Matrix) -> float:
        return average_acc(matrix)


class Bwt(TaskMatrix):
    """BWT."""

    name, title = "bwt", "Backward transfer"

    def _figure(self, matrix: Matrix) -> float:
        return bwt(matrix)


class Fm(TaskMatrix):
    """FM."""

    name, title, higher_is_better = "fm", "Forgetting", False

    def _figure(self, matrix: Matrix) -> float:
        return fm(matrix)


class Fwt(TaskMatrix):
    """FWT."""

    name, title = "fwt", "Forward transfer"

    def _figure(self, matrix: Matrix) -> float:
        return fwt(matrix, self.untrained())
