"""Peaks over threshold: how rare a score is, beyond what was ever seen.

Above a high threshold the excess of almost any score follows a generalised Pareto distribution (Pickands 1975, Balkema
& de Haan 1974). It is fitted by probability-weighted moments (Hosking & Wallis 1987): closed form, no search that may
fail, and better than maximum likelihood below some hundred peaks.

Scores over time come in runs. The tail is that of all steps above the threshold, for a rate of steps is what is
promised; fitted to the runs' maxima alone it would lie too high (Fawcett & Walshaw, Environmetrics 2012). How much it
is to be believed follows from the number of runs: whether its shape is estimated at all, whether it may end, and the
width of its band.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MIN_SHAPE = 20  # runs; fewer and the shape of a tail is not estimated: exponential
GAMMA = (-0.5, 0.45)  # shapes outside are taken for noise; moments of the estimator exist below 1/2
MIN_END = (
    100  # runs; fewer and a tail is not believed to end: the steps of a run are near one another, and look bounded
)
LEVELS = (0.98, 0.95, 0.9)  # the highest threshold, as a share of the steps, that MIN_SHAPE runs rise above

_KNOTS = 512
_RESAMPLES = 300
_FURTHEST = 1e-12  # chance down to which the expected tail is tabulated; further on it goes straight
_CELLS = 1 << 21  # resampled excesses worked on at once: 16 MB


@dataclass(frozen=True, slots=True)
class Gpd:
    """Generalised Pareto distribution of an excess x >= 0: survival (1 + gamma x / sigma)^(-1 / gamma), or
    exp(-x / sigma) where gamma is 0. ``gamma`` < 0: no excess is above -sigma / gamma."""

    gamma: float
    sigma: float

    def log_sf(self, excess: ArrayLike) -> Floats:
        """Natural log of the chance of a larger excess; -inf beyond the end of a bounded tail."""
        return _log_sf(np.maximum(np.asarray(excess, float), 0), np.asarray(self.gamma), np.asarray(self.sigma))

    def sf(self, excess: ArrayLike) -> Floats:
        """The chance of a larger excess."""
        return np.asarray(np.exp(self.log_sf(excess)))

    def isf(self, chance: ArrayLike) -> Floats:
        """The excess that is surpassed with this chance, 0 < chance <= 1."""
        log = np.log(np.asarray(chance, float))
        if abs(self.gamma) < 1e-9:
            return np.asarray(-self.sigma * log)
        return np.asarray(self.sigma / self.gamma * np.expm1(-self.gamma * log))


def _log_sf(excess: Floats, gamma: Floats, sigma: Floats) -> Floats:
    """Natural log of the chance of a larger excess >= 0, of shapes and scales that broadcast with it."""
    scaled, flat = excess / sigma, np.abs(gamma) < 1e-9
    with np.errstate(divide="ignore"):
        curved = -np.log1p(np.maximum(gamma * scaled, -1)) / np.where(flat, 1, gamma)
    return np.asarray(np.where(flat, -scaled, curved))


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

    Up to ``threshold`` the share of steps is counted. Above it stands the *expected* share: the mean over what the tail
    may be, given how few runs it rests on. A threshold read off it keeps its rate on average over machines, where the
    one of the single best tail would break it: the mean of a rate over an uncertain threshold is above the rate at the
    mean threshold.
    """

    n: int
    threshold: float
    rate: float  # share of the steps above the threshold
    runs: int  # in which they came
    tail: Gpd | None  # the single best one; None where no step is above the threshold
    knots: Floats  # (m,) scores, strictly ascending
    shares: Floats  # (m,) share of steps that reach each
    excesses: Floats  # (t,) ascending from 0, empty without a tail
    logs: Floats  # (t,) natural log of the expected share that reaches each

    @classmethod
    def fit(cls, scores: ArrayLike, *, gap: int = 1) -> Self:
        """Fit to (n,) scores of normal steps in order of time, n >= 1, all finite.

        ``gap``: steps after which scores cannot depend on one another any more, as ``decluster`` takes them; the
        windows' length where windows overlap. Where the scores forget sooner, runs are parted sooner (``_parting``).
        """
        values = np.asarray(scores, float)
        if not len(values) or not np.isfinite(values).all():
            raise ValueError("scores must be finite, and there must be one at least")
        ordered = np.sort(values)
        for level in LEVELS:
            threshold = float(ordered[min(int(level * len(ordered)), len(ordered) - 1)])
            above = np.flatnonzero(values > threshold)
            run = _runs(above, min(gap, _parting(above)))
            runs = int(run[-1]) + 1 if len(run) else 0
            if runs >= MIN_SHAPE:
                break
        if not runs:
            return cls(len(values), threshold, 0.0, 0, None, *_counted(ordered, ordered), np.zeros(0), np.zeros(0))
        excesses, rate = values[above] - threshold, len(above) / len(values)
        found = _expected(excesses, run, rate)
        body = ordered[ordered <= threshold]
        return cls(len(values), threshold, rate, runs, fit_gpd(excesses, runs), *_counted(body, ordered), *found)

    def survival(self, scores: ArrayLike) -> Floats:
        """The expected share of normal steps that reach each score, in (0, 1]; it falls as the score rises."""
        return np.asarray(np.exp(self.log_survival(scores)))

    def log_survival(self, scores: ArrayLike) -> Floats:
        """Natural log of ``survival``: finite for every finite score, and strictly falling in the tail."""
        values = np.asarray(scores, float)
        counted = np.log(np.interp(values, self.knots, self.shares))
        if self.tail is None:
            return np.where(values > self.knots[-1], -math.log(self.n + 1), counted)
        excess = np.maximum(values - self.threshold, 0)
        inside = np.interp(excess, self.excesses, self.logs)
        beyond = self.logs[-1] + (excess - self.excesses[-1]) * self._slope
        return np.where(values > self.threshold, np.where(excess > self.excesses[-1], beyond, inside), counted)

    def quantile(self, rate: float) -> float:
        """The lowest threshold that a share of at most ``rate`` normal steps is expected above; inf where nothing tells
        (no step is above the usual, and they are too few to count)."""
        if not 0 < rate <= 1:
            raise ValueError(f"a rate of {rate} is not in (0, 1]")
        if self.tail is None and rate < 1 / (self.n + 1):
            return math.inf
        log = math.log(rate)
        if self.tail is None or log >= self.logs[0]:
            return float(np.interp(rate, self.shares[::-1], self.knots[::-1]))
        if log < self.logs[-1]:
            return self.threshold + float(self.excesses[-1] + (log - self.logs[-1]) / self._slope)
        return self.threshold + float(np.interp(-log, -self.logs, self.excesses))

    @property
    def _slope(self) -> float:
        """Of the log beyond the last knot."""
        return float((self.logs[-1] - self.logs[-2]) / (self.excesses[-1] - self.excesses[-2]))

    def band(self, rate: float, confidence: float = 0.95) -> tuple[float, float]:
        """Where the threshold for ``rate`` may lie, given how few runs it rests on.

        In the tail: parametric bootstrap of shape, scale and number of runs (300 resamples of one excess per run,
        percentile interval, the same on every call). In the counted part: Wilson limits of the rate, read off the
        curve; steps that come in runs count as one per run.
        """
        if self.tail is None or rate >= self.rate:
            return self._counted_band(rate, confidence)
        rng = np.random.default_rng(0)
        counts = np.maximum(rng.poisson(self.runs, _RESAMPLES), 1)
        rows, found = max(1, _CELLS // self.runs), []
        for start in range(0, _RESAMPLES, rows):
            chances = 1 - rng.random((min(rows, _RESAMPLES - start), self.runs))
            found.append(np.stack(_moments(np.sort(self.tail.isf(chances), axis=1), self.runs)))
        gammas, sigmas = np.concatenate(found, axis=1)
        rates = np.clip(self.rate * counts / self.runs, rate, 1)
        drawn = [
            float(Gpd(gamma, sigma).isf(rate / own)) for gamma, sigma, own in zip(gammas, sigmas, rates, strict=True)
        ]
        low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        centre = self.quantile(rate)
        return min(self.threshold + float(low), centre), max(self.threshold + float(high), centre)

    def _counted_band(self, rate: float, confidence: float) -> tuple[float, float]:
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        n = self.n * (self.runs / (self.rate * self.n) if self.runs else 1.0)
        spread = z**2 / n
        centre = (rate + spread / 2) / (1 + spread)
        half = z * math.sqrt(rate * (1 - rate) / n + spread / (4 * n)) / (1 + spread)
        return self.quantile(min(centre + half, 1.0)), self.quantile(max(centre - half, 1e-300))

    def to_json(self) -> dict[str, Any]:
        """As plain numbers; ``from_json`` brings it back, equal to the last bit."""
        return {
            "n": self.n,
            "threshold": self.threshold,
            "rate": self.rate,
            "runs": self.runs,
            "tail": None if self.tail is None else [self.tail.gamma, self.tail.sigma],
            **{name: getattr(self, name).tolist() for name in ("knots", "shares", "excesses", "logs")},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what ``to_json`` gave. ValueError, TypeError or KeyError for what it cannot have given."""
        tail = None if data["tail"] is None else Gpd(*map(float, data["tail"]))
        arrays = [np.asarray(data[name], float) for name in ("knots", "shares", "excesses", "logs")]
        found = cls(int(data["n"]), float(data["threshold"]), float(data["rate"]), int(data["runs"]), tail, *arrays)
        if not found._sound():
            raise ValueError("tables of a tail that do not fit each other")
        return found

    def _sound(self) -> bool:
        """Whether every score has a survival."""
        tables = (self.knots, self.shares), (self.excesses, self.logs)
        fewest = 2 if self.tail else 0
        return (
            self.n >= 1
            and math.isfinite(self.threshold)
            and all(one.ndim == 1 and one.shape == other.shape for one, other in tables)
            and all(bool(np.isfinite(one).all()) for table in tables for one in table)
            and all(bool((np.diff(places) > 0).all()) for places, _ in tables)
            and len(self.knots) >= 1
            and bool((self.shares > 0).all())
            and len(self.excesses) >= fewest
        )


def _runs(above: NDArray[np.int64], gap: int) -> NDArray[np.int64]:
    """The number of its run, from 0, of each of the ascending steps."""
    return np.cumsum(np.diff(above, prepend=above[:1]) > gap)


def _parting(above: NDArray[np.int64]) -> int:
    """How many steps in a row not above the threshold part two runs, told from the times T between the ascending steps
    above it (the intervals estimator of Ferro and Segers, J. R. Stat. Soc. B 65, 2003).

    Independent runs come after exponential times, steps of one run at once; the mean of T squared against the square
    of its mean tells which share of the steps begins a run, and the longest times are those between runs.
    """
    times = np.diff(above).astype(float)
    if len(times) < 2 or times.max() == 1:
        return max(len(above), 1)
    long = times.max() > 2
    first, second = (times - 1, (times - 1) * (times - 2)) if long else (times, times**2)
    share = min(2 * first.sum() ** 2 / (len(times) * second.sum()), 1.0)
    between = int(share * len(times))  # runs but one
    return int(np.sort(times)[::-1][between]) if between < len(times) else 1


def _expected(excesses: Floats, run: NDArray[np.int64], rate: float) -> tuple[Floats, Floats]:
    """Excesses from 0 and the natural log of the share of steps expected to reach each.

    From ``MIN_SHAPE`` runs on: the mean over tails refitted to whole runs drawn anew (a bootstrap of runs), bounded
    ones among them from ``MIN_END`` runs on.
    Below: the predictive distribution of an exponential tail of which k runs are known, (1 + x / (k mean))^-k.
    """
    runs, mean = int(run[-1]) + 1, float(excesses.mean())
    grid = mean * np.expm1(0.25 * np.linspace(0, 20, _KNOTS)) / 0.25
    if runs < MIN_SHAPE:
        logs = math.log(rate) - runs * np.log1p(grid / (runs * mean))
    else:
        counts, gammas, sigmas = _drawn_anew(excesses, run, runs)
        survivals = counts @ np.exp(_log_sf(grid, gammas[:, None], sigmas[:, None]))
        # The counted part ends at the rate itself: what the draws say above it is scaled to meet it there.
        with np.errstate(divide="ignore"):
            logs = np.log(survivals / survivals[0]) + math.log(rate)
    kept = logs > math.log(_FURTHEST)
    kept[:2] = True
    return grid[kept], logs[kept]


def _drawn_anew(excesses: Floats, run: NDArray[np.int64], runs: int) -> tuple[Floats, Floats, Floats]:
    """Number of excesses, shape and scale of each resample: every run comes Poisson(1) times, with all its excesses."""
    order = np.argsort(excesses)
    times = np.random.default_rng(0).poisson(1.0, (_RESAMPLES, runs)).astype(float)
    weights = times[:, run[order]]
    weights = weights[weights.sum(axis=1) > 1]
    values, counts = excesses[order], weights.sum(axis=1)
    mean = weights @ values / counts
    larger = counts[:, None] - np.cumsum(weights, axis=1) + (weights - 1) / 2  # of equal ones half are
    weighted = ((weights * larger) @ values) / counts / (counts - 1)
    lowest = GAMMA[0] if runs >= MIN_END else 0.0
    gamma = np.clip(2 - mean / np.maximum(mean - 2 * weighted, 1e-9 * mean), lowest, GAMMA[1])
    return counts, gamma, mean * (1 - gamma)


def _counted(body: Floats, ordered: Floats) -> tuple[Floats, Floats]:
    """Up to ``2 * _KNOTS`` of the ascending scores, dense at the top, and the share of all that reach each."""
    n = len(body)
    places = np.concatenate([np.linspace(0, n - 1, _KNOTS), n - np.geomspace(1, n, _KNOTS)]).astype(int)
    knots = np.unique(body[places])
    return knots, 1 - np.searchsorted(ordered, knots, "left") / len(ordered)
