"""Volume under the surface: ranking quality that forgives borders which nobody labels exactly.

Paparrizos et al., Volume Under the Surface, VLDB 2022. For each buffer length w from 0 to ``window`` the labels are
made soft: 1 inside an event, sqrt(1 - d / w) at distance d <= w // 2 from one; recall is multiplied by the share of
(buffered, merged) events that are touched. The areas under the curves of recall against false alarms and of precision
against recall are averaged over w. Borders, thresholds and rounding follow the version ``opt`` of TSB-AD 1.5, so
figures compare; other implementations differ in the second digit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.ranking import check
from core.metrics.series.stretches import Stretches, stretches

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOW = 100
THRESHOLDS = 250


class Vus(NamedTuple):
    """Mean areas over all buffer lengths; ``window`` belongs to the figures: they grow with it."""

    pr: float
    roc: float
    window: int


def vus(
    scores: ArrayLike, labels: ArrayLike, *, window: int = WINDOW, thresholds: int = THRESHOLDS, every: int = 1
) -> Vus | None:
    """VUS-PR and VUS-ROC; None where all steps have one label.

    ``every``: the mean over every so manyth buffer length only, for resampling, where thousands are asked for.

    Every step is put once into the bin of the first threshold that flags it; all counts of a curve are then running
    sums over bins, and only the steps inside a buffer are visited again for each buffer length: O(n log n + window *
    (buffered steps + thresholds)).
    """
    values, truth = check(scores, labels)
    if truth.all() or not truth.any():
        return None
    if window < 0 or thresholds < 2:
        raise ValueError("the buffer has no negative length, and a curve needs two thresholds")
    n, events = len(values), stretches(truth)
    ordered = np.sort(values)[::-1]
    cuts = ordered[np.linspace(0, n - 1, thresholds).astype(int)]
    bins = np.searchsorted(-cuts, -values, "left")
    flagged = np.searchsorted(-ordered, -cuts, "right").astype(float)
    inside = np.cumsum(np.bincount(bins[truth], minlength=thresholds)).astype(float)
    positives = float(truth.sum())

    buffers = _Buffers(events, truth, window // 2)
    first = _first_bins(bins, events, window // 2, thresholds)
    areas = np.zeros(2)
    widths = range(0, window + 1, every)
    for width in widths:
        near = np.zeros(thresholds)
        if width >= 2:
            near = np.cumsum(np.bincount(bins[buffers.steps], weights=buffers.soft(width), minlength=thresholds))
        touched = _touched(first[:, width // 2], events, width // 2, thresholds)
        found = inside + near
        mass = positives + near / 2
        recall = np.minimum(found / mass, 1) * touched
        areas += _areas(recall, (flagged - found) / (n - mass), found / flagged)
    pr, roc = areas / len(widths)
    return Vus(float(pr), float(roc), window)


def _areas(recall: Floats, alarms: Floats, precision: Floats) -> Floats:
    """Under precision over recall (steps) and recall over false alarms (straight between points)."""
    rise = np.diff(recall, prepend=0)
    x, y = np.concatenate([[0], alarms, [1]]), np.concatenate([[0], recall, [1]])
    return np.array([rise @ precision, np.diff(x) @ (y[1:] + y[:-1]) / 2])


class _Buffers:
    """Steps outside events within ``reach`` of one. Near two events their soft labels add up, to 1 at most."""

    def __init__(self, events: Stretches, truth: NDArray[np.bool_], reach: int) -> None:
        distance = np.arange(1, reach + 1)
        steps = np.stack([events[:, :1] - distance, events[:, 1:] - 1 + distance])
        distances = np.broadcast_to(distance, steps.shape)
        kept = (steps >= 0) & (steps < len(truth))
        kept[kept] = ~truth[steps[kept]]
        order = np.argsort(distances[kept], kind="stable")
        self._distance: Ints = distances[kept][order]
        self.steps, place = np.unique(steps[kept], return_inverse=True)
        self._place = place[order]

    def soft(self, width: int) -> Floats:
        """The label of each of ``steps`` for a buffer of this width."""
        used = np.searchsorted(self._distance, width // 2, "right")
        weights = np.sqrt(1 - self._distance[:used] / width)
        return np.minimum(np.bincount(self._place[:used], weights=weights, minlength=len(self.steps)), 1)


def _first_bins(bins: Ints, events: Stretches, reach: int, nothing: int) -> Ints:
    """(k, reach + 1): the first bin that touches event k with h steps added on either side."""
    padded = np.pad(bins, reach, constant_values=nothing)
    first = np.empty((len(events), reach + 1), np.int64)
    first[:, 0] = np.minimum.reduceat(np.append(bins, nothing), events.ravel())[::2]
    distance = np.arange(1, reach + 1)
    before, after = padded[events[:, :1] - distance + reach], padded[events[:, 1:] - 1 + distance + reach]
    first[:, 1:] = np.minimum(before, after)
    return np.minimum.accumulate(first, axis=1)


def _touched(first: Ints, events: Stretches, reach: int, thresholds: int) -> Floats:
    """(thresholds,) share of the events, buffered by ``reach`` and merged where they then meet, with a flagged step."""
    apart = np.append(True, events[:-1, 1] - 1 + reach < events[1:, 0] - reach)
    merged = np.minimum.reduceat(first, np.flatnonzero(apart))
    return np.cumsum(np.bincount(merged, minlength=thresholds)) / len(merged)
