"""Peaks over threshold: how rare a score is, beyond what was ever seen.

Above a high threshold the excess of almost any score follows a generalised Pareto distribution (Pickands 1975, Balkema
& de Haan 1974). It is fitted by probability-weighted moments (Hosking & Wallis 1987): closed form, no search that may
fail, and better than maximum likelihood below some hundred peaks.

Scores over time come in runs. The tail is that of all steps above the threshold, for a rate of steps is what is
promised; fitted to the runs' maxima alone it would lie too high (Fawcett & Walshaw, Environmetrics 2012). How much it
is to be believed follows from the number of runs: whether its shape is estimated at all, and the width of its band.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MIN_PEAKS = 5  # fewer runs than this say nothing of a tail: empirical
MIN_SHAPE = 20  # fewer runs than this and the shape is not estimated: exponential
GAMMA = (-0.5, 0.45)  # shapes outside are taken for noise; moments of the estimator exist below 1/2
BEYOND = 0.1  # a bounded tail is followed until this many runs like those seen would be expected once

_KNOTS = 512
_RESAMPLES = 500
_CELLS = 1 << 21  # resampled excesses worked on at once: 16 MB


@dataclass(frozen=True, slots=True)
class Gpd:
    """Generalised Pareto distribution of an excess x >= 0: survival (1 + gamma x / sigma)^(-1 / gamma), or
    exp(-x / sigma) where gamma is 0. ``gamma`` < 0: no excess is above -sigma / gamma."""

    gamma: float
    sigma: float

    def log_sf(self, excess: ArrayLike) -> Floats:
        """Natural log of the chance of a larger excess; -inf beyond the end of a bounded tail."""
        scaled = np.maximum(np.asarray(excess, float), 0) / self.sigma
        if abs(self.gamma) < 1e-9:
            return np.asarray(-scaled)
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log1p(np.maximum(self.gamma * scaled, -1)) / self.gamma)

    def sf(self, excess: ArrayLike) -> Floats:
        """The chance of a larger excess."""
        return np.asarray(np.exp(self.log_sf(excess)))

    def isf(self, chance: ArrayLike) -> Floats:
        """The excess that is surpassed with this chance, 0 < chance <= 1."""
        log = np.log(np.asarray(chance, float))
        if abs(self.gamma) < 1e-9:
            return np.asarray(-self.sigma * log)
        return np.asarray(self.sigma / self.gamma * np.expm1(-self.gamma * log))

    def log_hazard(self, excess: float) -> float:
        """-d log_sf / d excess, per unit of the score."""
        return 1 / (self.sigma + self.gamma * excess)


def fit_gpd(excesses: ArrayLike, runs: int | None = None) -> Gpd:
    """Fit by probability-weighted moments to (k,) excesses, all > 0, k >= 1, that came in so many runs (default k).

    gamma = 2 - a0 / (a0 - 2 a1), sigma = 2 a0 a1 / (a0 - 2 a1) with a0 the mean and a1 the mean weighted by the share
    of excesses that are larger. Gamma is kept within ``GAMMA``; sigma then keeps the mean. Below ``MIN_SHAPE`` runs it
    is the exponential distribution of that mean.
    """
    ordered = np.sort(np.asarray(excesses, float))
    if not len(ordered) or ordered[0] <= 0 or not np.isfinite(ordered[-1]):
        raise ValueError("excesses must be positive and finite, and there must be one at least")
    gamma, sigma = _moments(ordered[None], len(ordered) if runs is None else runs)
    return Gpd(float(gamma[0]), float(sigma[0]))


def _moments(ordered: Floats, runs: int) -> tuple[Floats, Floats]:
    """Shape and scale of each row of (r, k) ascending excesses."""
    k = ordered.shape[1]
    mean = ordered.mean(axis=1)
    if min(k, runs) < MIN_SHAPE:
        return np.zeros(len(mean)), mean
    weighted = ordered @ (np.arange(k - 1, -1, -1) / (k - 1)) / k
    spread = np.maximum(mean - 2 * weighted, 1e-9 * mean)  # 0 where all are equal
    gamma = np.clip(2 - mean / spread, *GAMMA)
    return gamma, mean * (1 - gamma)


def decluster(scores: ArrayLike, threshold: float, gap: int = 1) -> NDArray[np.int64]:
    """Indices of the highest step of each run of (n,) scores above ``threshold``.

    A run ends where at least ``gap`` steps in a row are not above it. Overlapping windows of t steps make neighbours
    of one peak: their gap is t.
    """
    if gap < 1:
        raise ValueError(f"a gap of {gap} steps does not part runs")
    values = np.asarray(scores, float)
    above = np.flatnonzero(values > threshold)
    if not len(above):
        return above
    starts = np.flatnonzero(np.diff(above, prepend=above[0] - gap - 1) > gap)
    run = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(above)))
    order = np.lexsort((-above, values[above], run))  # of equal peaks the first
    last = np.append(starts[1:], len(above)) - 1
    return np.asarray(above[order[last]])


@dataclass(frozen=True, eq=False)
class Pot:
    """How often a score is reached by steps like those it was fitted on.

    Up to ``threshold`` the share of steps counted, above it ``rate`` (the share of steps above the threshold) times the
    survival of ``tail``. Without a tail (fewer than ``MIN_PEAKS`` runs) all is counted, and nothing is said of scores
    above the highest but that their chance is at most 1 / (n + 1).
    """

    n: int
    threshold: float
    rate: float
    peaks: int  # runs above the threshold
    tail: Gpd | None
    knots: Floats  # (m,) scores, strictly ascending
    shares: Floats  # (m,) share of steps that reach each

    @classmethod
    def fit(cls, scores: ArrayLike, *, level: float = 0.98, gap: int = 1) -> Self:
        """Fit to (n,) scores of normal steps in order of time, n >= 1, all finite.

        ``level``: the share of steps below the threshold. ``gap``: see ``decluster``; the windows' length where windows
        overlap.
        """
        values = np.asarray(scores, float)
        if not len(values) or not np.isfinite(values).all():
            raise ValueError("scores must be finite, and there must be one at least")
        if not 0 < level < 1:
            raise ValueError(f"a level of {level} is not in (0, 1)")
        ordered = np.sort(values)
        threshold = float(ordered[min(int(level * len(ordered)), len(ordered) - 1)])
        peaks = len(decluster(values, threshold, gap))
        body = ordered[ordered <= threshold]
        excesses = ordered[len(body) :] - threshold
        tail = fit_gpd(excesses, peaks) if peaks >= MIN_PEAKS else None
        knots, shares = _counted(ordered if tail is None else body, ordered)
        return cls(len(values), threshold, len(excesses) / len(values), peaks, tail, knots, shares)

    def survival(self, scores: ArrayLike) -> Floats:
        """The share of normal steps that reach each score, in (0, 1]; it falls as the score rises."""
        return np.asarray(np.exp(self.log_survival(scores)))

    def log_survival(self, scores: ArrayLike) -> Floats:
        """Natural log of ``survival``: finite for every finite score.

        A bounded tail (gamma < 0) is followed to where it would be reached once in ten times the data; from there the
        chance falls as fast as at that point: what lies beyond is more anomalous, not impossible.
        """
        values = np.asarray(scores, float)
        counted = np.log(np.interp(values, self.knots, self.shares))
        if self.tail is None:
            return np.where(values > self.knots[-1], -math.log(self.n + 1), counted)
        excess = np.maximum(values - self.threshold, 0)
        end, log_end = self._end()
        inside = self.tail.log_sf(np.minimum(excess, end))
        if math.isfinite(end):
            inside = np.where(excess > end, log_end - (excess - end) * self.tail.log_hazard(end), inside)
        return np.where(values > self.threshold, math.log(self.rate) + inside, counted)

    def quantile(self, rate: float) -> float:
        """The lowest threshold that a share of at most ``rate`` normal steps is above; inf where there is no tail and
        the steps are too few to say."""
        if not 0 < rate <= 1:
            raise ValueError(f"a rate of {rate} is not in (0, 1]")
        if self.tail is None and rate < 1 / (self.n + 1):
            return math.inf
        if self.tail is None or rate >= self.rate:
            return float(np.interp(rate, self.shares[::-1], self.knots[::-1]))
        log = math.log(rate / self.rate)
        end, log_end = self._end()
        if log < log_end:
            return self.threshold + end + (log_end - log) / self.tail.log_hazard(end)
        return self.threshold + float(self.tail.isf(math.exp(log)))

    def band(self, rate: float, confidence: float = 0.95) -> tuple[float, float]:
        """Where the threshold for ``rate`` may lie, given how few runs it rests on.

        In the tail: parametric bootstrap of shape, scale and number of runs (500 resamples of one excess per run,
        percentile interval, the same on every call). In the counted part: Wilson limits of the rate, read off the
        curve; steps that come in runs count as one per run.
        """
        if self.tail is None or rate >= self.rate:
            return self._counted_band(rate, confidence)
        rng = np.random.default_rng(0)
        counts = np.maximum(rng.poisson(self.peaks, _RESAMPLES), 1)
        rows, found = max(1, _CELLS // self.peaks), []
        for start in range(0, _RESAMPLES, rows):
            chances = 1 - rng.random((min(rows, _RESAMPLES - start), self.peaks))
            found.append(np.stack(_moments(np.sort(self.tail.isf(chances), axis=1), self.peaks)))
        gammas, sigmas = np.concatenate(found, axis=1)
        rates = np.clip(self.rate * counts / self.peaks, rate, 1)
        drawn = [
            float(Gpd(gamma, sigma).isf(rate / own)) for gamma, sigma, own in zip(gammas, sigmas, rates, strict=True)
        ]
        low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        centre = self.quantile(rate)
        return min(self.threshold + float(low), centre), max(self.threshold + float(high), centre)

    def _end(self) -> tuple[float, float]:
        """The excess up to which a bounded tail is believed, and the log of its survival there."""
        if self.tail is None or self.tail.gamma >= 0:
            return math.inf, -math.inf
        chance = BEYOND / self.peaks
        return float(self.tail.isf(chance)), math.log(chance)

    def _counted_band(self, rate: float, confidence: float) -> tuple[float, float]:
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        n = self.n * (self.peaks / (self.rate * self.n) if self.peaks else 1.0)
        spread = z**2 / n
        centre = (rate + spread / 2) / (1 + spread)
        half = z * math.sqrt(rate * (1 - rate) / n + spread / (4 * n)) / (1 + spread)
        return self.quantile(min(centre + half, 1.0)), self.quantile(max(centre - half, 1e-300))

    def to_json(self) -> dict[str, Any]:
        """As plain numbers; ``from_json`` brings it back, equal to the last bit."""
        tail = None if self.tail is None else [self.tail.gamma, self.tail.sigma]
        return {
            "n": self.n,
            "threshold": self.threshold,
            "rate": self.rate,
            "peaks": self.peaks,
            "tail": tail,
            "knots": self.knots.tolist(),
            "shares": self.shares.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        tail = None if data["tail"] is None else Gpd(*data["tail"])
        arrays = (np.asarray(data[name], float) for name in ("knots", "shares"))
        return cls(data["n"], data["threshold"], data["rate"], data["peaks"], tail, *arrays)


def _counted(body: Floats, ordered: Floats) -> tuple[Floats, Floats]:
    """Up to ``2 * _KNOTS`` of the ascending scores, dense at the top, and the share of all that reach each."""
    n = len(body)
    places = np.concatenate([np.linspace(0, n - 1, _KNOTS), n - np.geomspace(1, n, _KNOTS)]).astype(int)
    knots = np.unique(body[places])
    return knots, 1 - np.searchsorted(ordered, knots, "left") / len(ordered)
