"""One axis for several kinds of product: a score says the same of each, whatever usual distances its good parts have.

A model over many categories has one scale of distances, and good parts of one category lie further from what it
learned than those of another, so that one limit is too tight for one and too loose for the other. Each category with
enough held-out good images gets a line, increasing, that takes its scores to a common axis: there its good parts have
the same centre and spread as everybody's (normalised nonconformity scores: Papadopoulos et al., Inductive Confidence
Machines for Regression, 2002; Lei et al., Distribution-Free Predictive Inference for Regression, 2018). Within a
category nothing changes its order. Centre and spread are shrunk to the common ones as far as their errors explain how
they differ (normal-normal model with the between-group variance of DerSimonian and Laird, Meta-analysis in Clinical
Trials, 1986). A held-out image is placed by a line that it took no part in, so that an estimate's error is part of what
calibrates (the jackknife; Barber et al., Predictive Inference with the Jackknife+, 2021).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# From ten held-out images on, false alarms at a promised 5 % come nearer to it than under one limit for all as soon as
# centres differ by half a spread, and hardly less near where they do not differ (tests/benchmarks/category_limits.md).
ENOUGH = 10
NORMAL_KURTOSIS = 3.0  # a few images show too little of the tails to claim lighter ones


@dataclass(frozen=True, eq=False)
class Category:
    """``scores`` (n,) of its held-out good images on the common axis, ascending. ``line`` is (offset, slope): a score
    of the detector comes to offset + slope * score; None where its images are too few for one."""

    scores: Floats
    line: tuple[float, float] | None

    def __post_init__(self) -> None:
        if self.scores.ndim != 1 or not np.isfinite(self.scores).all() or (np.diff(self.scores) < 0).any():
            raise ValueError("scores of a category are finite and ascending")
        if self.line is not None and not (np.isfinite(self.line).all() and self.line[1] > 0):
            raise ValueError("the line of a category rises")

    @property
    def n(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, eq=False)
class CommonAxis:
    """The way of each category to the axis that all share. ``raw`` (m,) ascending are the detector's own scores of the
    held-out images of those categories that have a line: an image of any other category is placed by its rank among
    these, as one of all together."""

    categories: Mapping[str, Category]
    raw: Floats

    def __post_init__(self) -> None:
        if len(self.raw) != len(self._reached) or not len(self.raw):
            raise ValueError("a common axis has a score for each image of its categories")
        if not np.isfinite(self.raw).all() or (np.diff(self.raw) < 0).any():
            raise ValueError("scores of a common axis are finite and ascending")

    @classmethod
    def fit(cls, scores: ArrayLike, categories: Sequence[str]) -> CommonAxis | None:
        """From the scores (n,) of held-out good images, each of one of the ``categories`` (n,). None unless two of
        them have ``ENOUGH`` images whose scores differ."""
        values, names = np.asarray(scores, float), np.asarray(categories, dtype=object)
        groups = {name: values[names == name] for name in sorted(Counter(categories))}
        enough = {name: own for name, own in groups.items() if len(own) >= ENOUGH and np.ptp(own) > 0}
        if len(enough) < 2:
            return None
        fitted = _Lines.of(list(enough.values()))
        found = {
            name: Category(np.sort(placed), line)
            for name, placed, line in zip(enough, fitted.jackknifed(), fitted.lines(), strict=True)
        }
        axis = cls(found, np.sort(np.concatenate(list(enough.values()))))
        few = {name: Category(np.sort(axis._ranked(own)), None) for name, own in groups.items() if name not in enough}
        return cls(found | few, axis.raw)

    @cached_property
    def _reached(self) -> Floats:
        """Where the images of ``raw`` lie on the axis, ascending."""
        return np.sort(np.concatenate([one.scores for one in self.categories.values() if one.line is not None]))

    @cached_property
    def scores(self) -> Floats:
        """(n,) all held-out images on the axis, ascending."""
        return np.sort(np.concatenate([one.scores for one in self.categories.values()]))

    def knows(self, category: str | None) -> bool:
        """Whether the category has a line of its own."""
        found = self.categories.get(category) if category is not None else None
        return found is not None and found.line is not None

    def place(self, scores: ArrayLike, category: str | None) -> Floats:
        """Scores of the detector on the common axis. An unknown category is placed as one of all together."""
        found = self.categories.get(category) if category is not None else None
        if found is None or found.line is None:
            return self._ranked(np.asarray(scores, float))
        offset, slope = found.line
        return np.asarray(offset + slope * np.asarray(scores, float))

    def back(self, value: float, category: str | None) -> float:
        """The score of the detector that comes to ``value`` on the common axis."""
        found = self.categories.get(category) if category is not None else None
        if found is None or found.line is None:
            return float(_between(np.asarray(value, float), self._reached, self.raw))
        offset, slope = found.line
        return (value - offset) / slope

    def _ranked(self, scores: Floats) -> Floats:
        return _between(scores, self.raw, self._reached)

    def to_json(self) -> dict[str, Any]:
        return {
            "raw": self.raw.tolist(),
            "categories": {
                name: {"scores": one.scores.tolist(), "line": None if one.line is None else list(one.line)}
                for name, one in self.categories.items()
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CommonAxis:
        """Raises KeyError, TypeError or ValueError for anything else."""
        categories = {}
        for name, one in data["categories"].items():
            line = one["line"]
            pair = None if line is None else (float(line[0]), float(line[1]))
            categories[name] = Category(np.asarray(one["scores"], float), pair)
        return cls(categories, np.asarray(data["raw"], float))


@dataclass(frozen=True, eq=False)
class _Lines:
    """Centre and spread of k categories from their scores."""

    groups: Sequence[Floats]
    n: Floats  # (k,)
    mean: Floats
    variance: Floats
    kurtosis: float  # that all share

    @classmethod
    def of(cls, groups: Sequence[Floats]) -> _Lines:
        standard = np.concatenate([(own - own.mean()) / own.std(ddof=1) for own in groups])
        return cls(
            groups,
            np.array([len(own) for own in groups], float),
            np.array([own.mean() for own in groups]),
            np.array([own.var(ddof=1) for own in groups]),
            max(float(np.mean(standard**4)), NORMAL_KURTOSIS),
        )

    @cached_property
    def shrunk(self) -> tuple[Floats, Floats]:
        return self._shrunk(self.n, self.mean, self.variance)

    @cached_property
    def unit(self) -> tuple[float, float]:
        """Centre and spread of the common axis: the usual ones, so that its numbers look like the detector's."""
        centre, spread = self.shrunk
        return float(np.average(centre, weights=self.n)), float(np.sqrt(np.average(spread**2, weights=self.n)))

    def lines(self) -> list[tuple[float, float]]:
        middle, width = self.unit
        return [
            (float(middle - width * centre / spread), float(width / spread))
            for centre, spread in zip(*self.shrunk, strict=True)
        ]

    def jackknifed(self) -> list[Floats]:
        """Each category's scores on the common axis, every one by a line that it took no part in."""
        middle, width = self.unit
        found = []
        for place, own in enumerate(self.groups):
            n, mean, variance = (
                np.repeat(one[:, None], len(own), axis=1) for one in (self.n, self.mean, self.variance)
            )
            rest = len(own) - 1
            n[place], mean[place] = rest, (own.sum() - own) / rest
            deviation = own - own.mean()
            squares = np.sum(deviation**2) - deviation**2 * len(own) / rest  # about the mean of the rest
            variance[place] = np.maximum(squares / (rest - 1), 1e-12 * self.variance[place])  # the rest may be equal
            centre, spread = self._shrunk(n, mean, variance)
            found.append(middle + width * (own - centre[place]) / spread[place])
        return found

    def _shrunk(self, n: Floats, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Centres and spreads (k, …). The error of a logarithm of a variance is that of the variance over itself."""
        error = (self.kurtosis - (n - 3) / (n - 1)) / n
        spread = np.exp(_towards_common(np.log(variance), error) / 2)
        return _towards_common(mean, spread**2 / n), spread


def _towards_common(values: Floats, errors: Floats) -> Floats:
    """Estimates (k, …) with the variances of their errors, drawn together over the first axis as far as errors explain
    how they differ."""
    weights = 1 / errors
    common = np.sum(weights * values, axis=0) / weights.sum(axis=0)
    excess = np.sum(weights * (values - common) ** 2, axis=0) - (len(values) - 1)
    total = weights.sum(axis=0)
    between = np.maximum(excess / (total - np.sum(weights**2, axis=0) / total), 0)
    weights = 1 / (errors + between)
    common = np.sum(weights * values, axis=0) / weights.sum(axis=0)
    return np.asarray(common + between / (between + errors) * (values - common))


def _between(values: Floats, known: Floats, reached: Floats) -> Floats:
    """``values`` on the polygon from ``known`` to ``reached``, both ascending; beyond its ends it goes on evenly."""
    inside = np.interp(values, known, reached)
    return np.asarray(inside + np.minimum(values - known[0], 0) + np.maximum(values - known[-1], 0))
