"""Metrics by defect class and by defect size: where the misses are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.intervals import Interval, wilson
from core.metrics.ranking import auroc, check

SIZE_LIMITS = (0.005, 0.02, 0.10)  # borders between the size bins, as shares of the image


@dataclass(frozen=True)
class ClassResult:
    """One defect class: ``auroc`` of its images against all good ones, recall at the threshold."""

    n: int
    auroc: float | None
    recall: float
    recall_ci95: Interval | None


@dataclass(frozen=True)
class SizeResult:
    """Defects that cover ``low`` to ``high`` of the image (shares, ``low`` included).

    ``recall``: share of their images above the image threshold. ``overlap``: mean share of the mask that lies above
    the map's own limit. Both None where there are none of this size.
    """

    low: float
    high: float
    n: int
    recall: float | None
    recall_ci95: Interval | None
    overlap: float | None


def per_class(
    scores: ArrayLike, anomalous: ArrayLike, defects: Sequence[str | None], threshold: float
) -> dict[str, ClassResult]:
    """Results by defect name (n,); anomalous images without a name are under ``unnamed``, in alphabetical order."""
    values, truth = check(scores, anomalous)
    names = np.array([(defect or "unnamed") if bad else "" for defect, bad in zip(defects, truth, strict=True)])
    results = {}
    for name in sorted(set(names[truth].tolist())):
        own = truth & (names == name)
        hits, n = int(np.sum(values[own] > threshold)), int(own.sum())
        pool = own | ~truth
        results[name] = ClassResult(n, auroc(values[pool], truth[pool]), hits / n, wilson(hits, n))
    return results


def per_size(shares: ArrayLike, detected: ArrayLike, overlaps: ArrayLike) -> list[SizeResult]:
    """Results by defect size, from small to large, for m anomalous images that have a mask.

    ``shares`` (m,): the mask's share of the image; ``detected`` (m,) bool: the image was called bad; ``overlaps``
    (m,): the share of the mask above the map's limit.
    """
    size, found, overlap = np.asarray(shares, float), np.asarray(detected, bool), np.asarray(overlaps, float)
    if not size.shape == found.shape == overlap.shape:
        raise ValueError("sizes, detections and overlaps must be of one length")
    borders = (0.0, *SIZE_LIMITS, 1.0)
    bins = np.digitize(size, SIZE_LIMITS)
    return [_size(borders[i], borders[i + 1], found[bins == i], overlap[bins == i]) for i in range(len(borders) - 1)]


def _size(low: float, high: float, found: NDArray[np.bool_], overlap: NDArray[np.float64]) -> SizeResult:
    n, hits = len(found), int(found.sum())
    if not n:
        return SizeResult(low, high, 0, None, None, None)
    return SizeResult(low, high, n, hits / n, wilson(hits, n), float(overlap.mean()))
