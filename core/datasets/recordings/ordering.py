"""Rows in order of time: sorted, without repeated time stamps, and what was found on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.datasets.wording import count, percent

REGULAR = 0.01  # steps that differ from the median by less are equal
GAP = 1.5  # medians


@dataclass
class Findings:
    """Counts over all units of a set; ``sentences`` puts them into words."""

    counts: Counter[str] = field(default_factory=Counter)
    medians: list[float] = field(default_factory=list)
    longest_gap: float = 0.0

    def sentences(self, unit: str) -> list[str]:
        """``unit`` is the unit of time, for steps and gaps."""
        found = []
        if n := self.counts["timeless"]:
            found.append(f"{count(n, 'row')} without a time left out.")
        if n := self.counts["back"]:
            found.append(f"The rows were not in order of time ({count(n, 'step')} back) and were sorted.")
        if n := self.counts["repeated"]:
            found.append(f"Time stamps repeated: {count(n, 'row')} left out, the first of each stays.")
        if self.medians:
            steps = sorted(self.medians)
            median = steps[len(steps) // 2]
            total = max(self.counts["steps"], 1)
            if n := self.counts["uneven"]:
                share = percent(n / total, 2) if n / total >= 0.0001 else f"{n}"
                found.append(f"Sampling is irregular: {share} of the steps differ from the usual {median:.6g} {unit}.")
            if n := self.counts["gaps"]:
                found.append(
                    f"{count(n, 'gap')} longer than {GAP:g} usual steps ({percent(n / total, 2)} of the steps); the "
                    f"longest takes {self.longest_gap:.6g} {unit}. Gaps are not filled."
                )
        return found

    @property
    def step(self) -> float | None:
        """The usual step, where all are equal; None otherwise."""
        if not self.medians or self.counts["uneven"]:
            return None
        low, high = min(self.medians), max(self.medians)
        return low if high - low <= REGULAR * low else None


def in_order(time: NDArray[np.float64], findings: Findings) -> NDArray[np.intp]:
    """The rows to keep, in order: (m,) indices into (n,) ``time``, in which NaN is no time."""
    rows = np.flatnonzero(~np.isnan(time))
    findings.counts["timeless"] += len(time) - len(rows)
    stamps = time[rows]
    back = int((np.diff(stamps) < 0).sum())
    if back:
        findings.counts["back"] += back
        order = np.argsort(stamps, kind="stable")
        rows, stamps = rows[order], stamps[order]
    first = np.ones(len(rows), bool)
    first[1:] = np.diff(stamps) > 0
    findings.counts["repeated"] += int(len(rows) - first.sum())
    return rows[first]


def sampling(time: NDArray[np.float64], findings: Findings) -> None:
    """Add what the steps of one unit, in order, are like."""
    steps = np.diff(time)
    if not len(steps):
        return
    median = float(np.median(steps))
    findings.medians.append(median)
    findings.counts["steps"] += len(steps)
    findings.counts["uneven"] += int((np.abs(steps - median) > REGULAR * median).sum())
    gaps = steps > GAP * median
    findings.counts["gaps"] += int(gaps.sum())
    if gaps.any():
        findings.longest_gap = max(findings.longest_gap, float(steps.max()))
