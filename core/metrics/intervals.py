"""95 % intervals: bootstrap over images for metrics of a whole set, Wilson for plain shares.

The image is what is resampled, also for pixel metrics: the pixels of one image are not independent. Good and
anomalous images are drawn apart, so that every resample has as many of each as the set. Percentile intervals; where a
metric is perfect on the set (an AUROC of 1), so it is in every resample, and the interval has no width: the bootstrap
cannot see what it has not sampled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.pixels import ImageHistograms, PixelMetrics, area
from core.metrics.ranking import check

Interval = tuple[float, float]
Floats = NDArray[np.float64]

_CELLS = 1 << 22  # resamples x images worked on at once: about 32 MB per array
Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson(hits: int, n: int) -> Interval | None:
    """95 % interval of a share ``hits / n`` (Wilson 1927), also right for 0 of n and n of n; None where n is 0."""
    if not n:
        return None
    share, spread = hits / n, Z95**2 / n
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def ranking_intervals(
    scores: ArrayLike, anomalous: ArrayLike, threshold: float, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Interval]:
    """Intervals of ``auroc``, ``auprc``, ``f1_max`` and ``f1`` (at the threshold); empty with one class.

    One sort serves all resamples: a resample only changes how often each ranked image counts. F1-max finds its own
    threshold in each resample.
    """
    values, truth = check(scores, anomalous)
    if truth.all() or not truth.any() or not resamples:
        return {}
    order = np.argsort(-values, kind="stable")
    values, truth = values[order], truth[order]
    last = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    flagged_until = int(np.sum(values > threshold))
    positives = int(truth.sum())
    negatives = len(truth) - positives
    drawn: dict[str, list[Floats]] = {"auroc": [], "auprc": [], "f1_max": [], "f1": []}
    for counts in resample_counts(truth, resamples, seed):
        hits = np.cumsum(counts * truth, axis=1, dtype=np.int32)
        flagged = np.cumsum(counts, axis=1, dtype=np.int32)
        if flagged_until:
            tp, called = hits[:, flagged_until - 1], flagged[:, flagged_until - 1]
            drawn["f1"].append(2 * tp / (called + positives))
        else:
            drawn["f1"].append(np.zeros(len(counts)))
        tp, called = hits[:, last].astype(float), flagged[:, last].astype(float)
        step = np.diff(tp, axis=1, prepend=0) / positives
        alarms = (called - tp) / negatives
        before = np.concatenate([np.zeros((len(counts), 1)), alarms[:, :-1]], axis=1)
        drawn["auroc"].append(np.sum(step * (1 - (alarms + before) / 2), axis=1))
        # Where the highest images were not drawn nothing is called yet; the step is 0 there.
        drawn["auprc"].append(np.sum(step * tp / np.maximum(called, 1), axis=1))
        drawn["f1_max"].append(np.max(2 * tp / (called + positives), axis=1))
    return {name: percentile_interval(np.concatenate(parts)) for name, parts in drawn.items()}


def pixel_intervals(
    metrics: PixelMetrics, anomalous: ArrayLike, *, limit: float = 0.3, resamples: int = 1000, seed: int = 0
) -> dict[str, Interval]:
    """Intervals of pixel ``auroc`` and ``aupro``, from ``pixel_metrics(…, histograms=True)`` over the same images.

    ``anomalous`` (n,) says which of them were given with a mask. The resamples are computed on a grid of about a
    thousand map values, on which the curves are taken as straight; the intervals are then moved by the (small)
    difference between the exact value and the grid's, so that both speak of the same thing.
    """
    histograms, truth = metrics.histograms, np.asarray(anomalous, bool)
    if histograms is None or metrics.auroc is None or metrics.aupro is None or not resamples:
        return {}
    exact = {"auroc": metrics.auroc, "aupro": metrics.aupro}
    whole = _on_grid(histograms, np.ones((1, len(truth)), np.float32), limit)
    parts = [
        _on_grid(histograms, counts.astype(np.float32), limit) for counts in resample_counts(truth, resamples, seed)
    ]
    intervals = {}
    for name, value in exact.items():
        shift = value - float(whole[name][0])
        low, high = percentile_interval(np.concatenate([part[name] for part in parts]))
        intervals[name] = (max(0.0, low + shift), min(1.0, high + shift))
    return intervals


def _on_grid(histograms: ImageHistograms, counts: NDArray[np.float32], limit: float) -> dict[str, Floats]:
    """Pixel AUROC and AUPRO of each resample, (r,) from (r, n) counts."""
    background = (counts @ histograms.background).astype(float)
    after = np.cumsum(background, axis=1)
    total = after[:, -1:]
    before, after = (after - background) / total, after / total
    defect = (counts @ histograms.defect).astype(float)
    region = (counts @ histograms.region).astype(float)
    return {
        "auroc": area(before, after, defect / defect.sum(axis=1, keepdims=True), 1.0),
        "aupro": area(before, after, region / region.sum(axis=1, keepdims=True), limit),
    }


def resample_counts(truth: NDArray[np.bool_], resamples: int, seed: int) -> Iterator[NDArray[np.int32]]:
    """Blocks (r, n) of how often each image is drawn; each class is drawn with replacement to its own size."""
    rng = np.random.default_rng(seed)
    n = len(truth)
    block = max(1, _CELLS // n)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        counts = np.zeros((rows, n), np.int32)
        for group in (np.flatnonzero(truth), np.flatnonzero(~truth)):
            if not len(group):
                continue
            draws = rng.integers(len(group), size=(rows, len(group)), dtype=np.int32)
            draws += np.arange(rows, dtype=np.int32)[:, None] * len(group)
            counts[:, group] = np.bincount(draws.ravel(), minlength=rows * len(group)).reshape(rows, -1)
        yield counts


def percentile_interval(drawn: ArrayLike) -> Interval:
    """95 % percentile interval of resampled values, or of the differences of two detectors' values."""
    low, high = np.percentile(np.asarray(drawn, float), [2.5, 97.5])
    return float(low), float(high)
