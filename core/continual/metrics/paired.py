"""Methods against each other on the same seeds: paired differences, bootstrap intervals, Wilcoxon with Holm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.metrics.multiple import holm
from core.metrics.signedrank import signed_rank_p


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % percentile bootstrap interval; ends are None for a single seed."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Paired:
    """A method against a baseline in one metric. ``relative`` is the difference over the baseline's mean; ``p`` is the
    two-sided Wilcoxon signed-rank test, None for fewer than six pairs, ``p_holm`` corrected over all comparisons of the
    same metric and baseline."""

    metric: str
    method: str
    baseline: str
    n: int
    difference: Interval
    relative: Interval | None
    p: float | None
    p_holm: float | None
    wins: int
    ties: int
    losses: int


def interval(values: Sequence[float], resamples: int = 2000, seed: int = 0) -> Interval:
    """Mean of values, one a seed, and its interval."""
    found = np.asarray(values, np.float64)
    mean = float(found.mean())
    if len(found) < 2:
        return Interval(mean, None, None)
    drawn = found[_picks(len(found), resamples, seed)].mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Interval(mean, float(low), float(high))


def paired(
    metric: str,
    names: tuple[str, str],
    values: tuple[Sequence[float], Sequence[float]],
    *,
    higher_is_better: bool,
    resamples: int = 2000,
    seed: int = 0,
) -> Paired:
    """``names`` and ``values`` of (method, baseline), in the order of the same seeds."""
    ours, theirs = (np.asarray(one, np.float64) for one in values)
    if ours.shape != theirs.shape or not len(ours):
        raise ValueError("pairs are needed: the same seeds for both methods")
    differences = ours - theirs
    gain = differences if higher_is_better else -differences
    return Paired(
        metric,
        *names,
        n=len(ours),
        difference=interval(differences.tolist(), resamples, seed),
        relative=_relative(ours, theirs, resamples, seed),
        p=signed_rank_p(differences),
        p_holm=None,
        wins=int((gain > 0).sum()),
        ties=int((gain == 0).sum()),
        losses=int((gain < 0).sum()),
    )


def corrected(comparisons: Sequence[Paired]) -> list[Paired]:
    """The same comparisons with ``p_holm`` over each family of one metric and one baseline."""
    found = list(comparisons)
    families: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(found):
        if one.p is not None:
            families.setdefault((one.metric, one.baseline), []).append(place)
    for places in families.values():
        adjusted = holm(np.array([found[place].p for place in places], np.float64))
        for place, p in zip(places, adjusted, strict=True):
            found[place] = replace(found[place], p_holm=float(p))
    return found


def _relative(ours: NDArray[np.float64], theirs: NDArray[np.float64], resamples: int, seed: int) -> Interval | None:
    """Ratio of means less 1, pairs resampled together; None where the baseline's mean is not above 0 throughout."""
    if not theirs.mean() > 0:
        return None
    mean = float(ours.mean() / theirs.mean() - 1)
    if len(ours) < 2:
        return Interval(mean, None, None)
    picks = _picks(len(ours), resamples, seed)
    below = theirs[picks].mean(axis=1)
    if not (below > 0).all():
        return Interval(mean, None, None)
    low, high = np.percentile(ours[picks].mean(axis=1) / below - 1, (2.5, 97.5))
    return Interval(mean, float(low), float(high))


def _picks(n: int, resamples: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, n, (resamples, n))
