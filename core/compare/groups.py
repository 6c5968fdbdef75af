"""Recall by kind and by size of defect, and verdicts by category: where each contestant is blind."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from core.compare.sidebyside import RATE, SideBySide
from core.datasets.wording import percent
from core.metrics.groups import SIZE_LIMITS
from core.metrics.intervals import Interval, wilson


@dataclass(frozen=True)
class GroupRecall:
    """Parts, or events, of one group, defective ones where nothing else is said: ``found`` of ``n`` by each contestant,
    in order, with Wilson's 95 % interval."""

    name: str
    n: int
    found: tuple[int, ...]
    recall: tuple[float, ...]
    ci95: tuple[Interval, ...]


def recall_by_class(side: SideBySide, rate: float = RATE) -> list[GroupRecall]:
    """By defect name, alphabetically; those without one under «unnamed». Empty without defective parts."""
    names = np.array(
        [(defect or "unnamed") if bad else "" for defect, bad in zip(side.defects, side.anomalous, strict=True)]
    )
    return [group_recall(name, names == name, side.flagged(rate)) for name in sorted(set(names.tolist()) - {""})]


@dataclass(frozen=True)
class ByCategory:
    """One kind of product: good parts of it that each contestant calls bad, and defective ones that it finds; None
    where there are no such parts."""

    name: str
    false_alarms: GroupRecall | None
    recall: GroupRecall | None


def by_category(side: SideBySide, rate: float = RATE) -> list[ByCategory]:
    """False alarms and recall of each category, by name. Empty where there is only one."""
    names, flagged = np.array(side.categories, dtype=object), side.flagged(rate)
    known = sorted(set(side.categories))
    if len(known) < 2:
        return []
    found = []
    for name in known:
        good, bad = ((names == name) & part for part in (side.known & ~side.anomalous, side.anomalous))
        found.append(
            ByCategory(
                name,
                group_recall(name, good, flagged) if good.any() else None,
                group_recall(name, bad, flagged) if bad.any() else None,
            )
        )
    return found


def recall_by_size(side: SideBySide, shares: ArrayLike, rate: float = RATE) -> list[GroupRecall]:
    """By the share of the picture that the defect covers; ``shares`` (n,) from the study, NaN where there is no mask.
    From small to large, groups without a part left out."""
    size = np.asarray(shares, float)
    borders = (0.0, *SIZE_LIMITS, 1.0)
    known = side.anomalous & np.isfinite(size)
    bins = np.where(known, np.digitize(size, SIZE_LIMITS), -1)
    names = [f"{percent(low, 1)} to {percent(high, 1)}" for low, high in pairwise(borders)]
    flagged = side.flagged(rate)
    return [group_recall(name, bins == index, flagged) for index, name in enumerate(names) if (bins == index).any()]


def group_recall(name: str, own: np.ndarray, flagged: np.ndarray) -> GroupRecall:
    """Of the ``own`` (n,) among what each contestant flagged, (m, n)."""
    n, found = int(own.sum()), flagged[:, own].sum(axis=1).tolist()
    intervals = tuple(interval for hits in found if (interval := wilson(hits, n)))
    return GroupRecall(name, n, tuple(found), tuple(hits / n for hits in found), intervals)
