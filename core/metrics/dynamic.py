"""Telemanom's threshold: no normal steps needed, no distribution assumed, no rate of false alarms promised."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.metrics.adaptive import Bools, Floats, Followed
from core.metrics.evt import decluster

Z = np.arange(2.5, 12.0, 0.5)  # standard deviations that are tried


def dynamic_threshold(
    errors: ArrayLike, *, batch: int = 70, windows: int = 30, smoothing: float = 0.05, prune: float = 0.13
) -> Followed:
    """Telemanom's threshold without a distribution (Hundman et al., Detecting Spacecraft Anomalies, KDD 2018) for (n,)
    errors >= 0; settings as published.

    The errors are smoothed exponentially over ``smoothing`` of the span of ``windows`` batches. Each ``batch`` is
    judged within that span, itself at the end: of mean + z sd the threshold is the one whose exceedances, left out,
    lower mean and deviation most for how many and in how many sequences they are. A sequence is kept as far as the
    falling order of the sequences' maxima last drops by more than ``prune``; the normal maximum stands last.
    """
    raw = np.asarray(errors, float)
    if not len(raw):
        return Followed(raw, np.zeros(0, bool))
    if not np.isfinite(raw).all() or raw.min() < 0:
        raise ValueError("errors must be finite and not negative")
    if batch < 1 or windows < 1:
        raise ValueError("a batch has one step at least, and a span one batch")
    span = batch * windows
    smooth = _smoothed(raw, max(1.0, smoothing * span))
    thresholds, alarms = np.empty(len(raw)), np.zeros(len(raw), bool)
    first = min(span, len(raw))  # the first span is judged whole
    for start, stop in [(0, first), *((at, min(at + batch, len(raw))) for at in range(first, len(raw), batch))]:
        origin = max(0, stop - span)
        seen = smooth[origin:stop]
        threshold = _best_threshold(seen)
        thresholds[start:stop] = threshold
        alarms[start:stop] = _pruned(seen, threshold, prune)[start - origin :]
    return Followed(thresholds, alarms)


def _smoothed(values: Floats, span: float) -> Floats:
    """Exponentially weighted mean of all so far, weights falling by 1 - 2 / (span + 1) a step, adding up to 1."""
    from scipy.signal import lfilter

    keep = 1 - 2 / (span + 1)
    return np.asarray(lfilter([1.0], [1.0, -keep], values) / lfilter([1.0], [1.0, -keep], np.ones(len(values))))


def _best_threshold(seen: Floats) -> float:
    """The highest tried where no exceedance is worth it."""
    mean, deviation = float(seen.mean()), float(seen.std())
    tried = mean + Z * deviation
    if mean <= 0 or deviation <= 0:
        return float(tried[-1])
    ordered = np.sort(seen)
    below = np.searchsorted(ordered, tried, "right")
    first, second = (np.append(0, np.cumsum((ordered - mean) ** power))[below] / below for power in (1, 2))
    lower = -first / mean + 1 - np.sqrt(np.maximum(second - first**2, 0)) / deviation
    above = seen > tried[:, None]
    sequences = above[:, 0] + np.sum(above[:, 1:] & ~above[:, :-1], axis=1)
    points = above.sum(axis=1)
    worth = np.where(points > 0, lower / np.maximum(points + sequences**2, 1), 0)
    best = len(Z) - 1 - int(np.argmax(worth[::-1]))  # of equal ones the highest
    return float(tried[best])


def _pruned(seen: Floats, threshold: float, prune: float) -> Bools:
    """Which steps stay alarms."""
    runs = decluster(seen, threshold)
    if not len(runs):
        return np.zeros(len(seen), bool)
    above = seen > threshold
    order = np.argsort(-seen[runs], kind="stable")
    maxima = np.append(seen[runs][order], seen[~above].max(initial=0.0))
    drops = np.flatnonzero(-np.diff(maxima) > prune * maxima[:-1])
    kept = np.zeros(len(runs), bool)
    kept[order[: drops[-1] + 1 if len(drops) else 0]] = True
    run_of_step = np.cumsum(np.diff(above.astype(np.int8), prepend=0) == 1) - 1
    return np.asarray(above & kept[np.maximum(run_of_step, 0)])
