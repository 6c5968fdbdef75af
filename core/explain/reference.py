"""What normal running looks like: the yardstick of every explanation, learned from training normals where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesSet, SeriesUnit
from core.detectors.series.contract import Signal
from core.detectors.series.model import SHARED, Member, SeriesModel
from core.detectors.series.statespace import Systems
from core.detectors.series.windows import sliding
from core.errors import UserError
from core.explain.innovation import errors, levels
from core.explain.stretch import filled

MOST_STEPS = 40_000  # kept to compare with
BLOCK = 2_000  # steps in a row of which they consist, where there are more
FEWEST = 30  # steps: fewer say nothing of what is usual
MOST_UNITS = 20  # scored in search of usual steps, where no training data is there
USUAL = 2.0  # surprise: one normal step in a hundred is above it
CLIP = 10.0  # usual spreads: a reading further out must not set the correlations
SELDOM = 0.9  # of normal stretches start a sensor less than it is said to do usually
RIDGE = 1e-3  # of a sensor's usual variance: no sensor is known from others more exactly than to 3 % of its spread


@dataclass(frozen=True, eq=False)
class Place:
    """Where a stretch of normal running was recorded."""

    unit: str
    start: int


@dataclass(frozen=True, eq=False)
class Reference:
    """Normal stretches (n, d), scaled, holes left as NaN, of what one member judges, and where each was recorded."""

    member: Member
    stretches: tuple[Signal, ...]
    places: tuple[Place, ...]

    @classmethod
    def of(cls, model: SeriesModel, data: SeriesSet, machine: str) -> Self:
        """The training normals in prepared ``data`` that one member judges together with ``machine``: the fleet's, or
        the machine's own. Where there is none, what stands for them are the steps of its other units, or of this one,
        that the model itself finds usual.

        UserError where there is nothing usual either.
        """
        member, shared = model.member(machine), SHARED in model.members
        units = [unit for unit in data.units if unit.split == "train" and (shared or unit.machine == machine)]
        spans = [(unit, a, b) for unit in units for a, b in _normal_spans(unit)]
        if sum(b - a for _, a, b in spans) < FEWEST:
            others = [unit for unit in data.units if shared or unit.machine == machine]
            spans = [(unit, a, b) for unit in others[:MOST_UNITS] for a, b in _usual_spans(model, unit)]
        total = sum(b - a for _, a, b in spans)
        if total < FEWEST:
            raise UserError(
                "There is no normal training data to compare with",
                data.name,
                "Give the recordings that the model was trained on together with those to explain",
            )
        blocks = [(unit, c, min(c + BLOCK, b)) for unit, a, b in spans for c in range(a, b, BLOCK)]
        if total > MOST_STEPS:
            chosen = np.linspace(0, len(blocks) - 1, min(MOST_STEPS // BLOCK, len(blocks))).round().astype(int)
            blocks = [blocks[index] for index in np.unique(chosen)]
        else:
            blocks = spans
        return cls(
            member,
            tuple(member.scaler.apply(unit.values[a:b]) for unit, a, b in blocks),
            tuple(Place(unit.name, a) for unit, a, _ in blocks),
        )

    @cached_property
    def rows(self) -> Signal:
        """(N, d) all steps, holes filled, cut off at ``CLIP`` usual spreads."""
        return np.asarray(np.clip(np.concatenate([filled(one) for one in self.stretches]), -CLIP, CLIP))

    @cached_property
    def unread(self) -> NDArray[np.float64]:
        """(d,) share of normal steps at which each sensor is not read."""
        return np.asarray(np.isnan(np.concatenate(self.stretches)).mean(axis=0))

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """(d,) mean of each sensor."""
        return np.asarray(self.rows.mean(axis=0, dtype=np.float64))

    @cached_property
    def precision(self) -> NDArray[np.float64]:
        """(d, d) inverse covariance of the sensors."""
        centred = self.rows - self.mean
        covariance = centred.T @ centred / len(centred)
        return np.asarray(np.linalg.inv(covariance + RIDGE * np.eye(len(covariance))))

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """(d, d), zero on the diagonal: E[x_j | the others] = mean_j + sum_k weights_jk (x_k - mean_k), the ridge
        regression of each sensor on all others, read off the inverse covariance (Lauritzen, Graphical Models, 1996)."""
        weights = -self.precision / np.diag(self.precision)[:, None]
        np.fill_diagonal(weights, 0.0)
        return weights

    @cached_property
    def levels(self) -> Systems:
        """How each sensor's level wanders from step to step."""
        return levels(self.stretches)

    @cached_property
    def starts(self) -> NDArray[np.float64]:
        """(N, d) one-step errors of the level filters, in standard deviations."""
        return np.concatenate([errors(self.levels, one) for one in self.stretches])

    def usual_start(self, length: int) -> NDArray[np.float64]:
        """(d,) the largest one-step error in a stretch of ``length`` steps that one normal stretch in ten surpasses; at
        least 1, a standard deviation."""
        blocks = max(len(self.starts) // length, 1)
        whole = self.starts[: blocks * length].reshape(blocks, -1, self.starts.shape[1])
        return np.asarray(np.maximum(np.quantile(whole.max(axis=1), SELDOM, axis=0), 1.0))

    def expected(self, values: Signal) -> NDArray[np.float64]:
        """(…, d) what each sensor should read by what the others read at the same step; ``values`` without holes."""
        near = np.clip(values, -CLIP, CLIP).astype(np.float64)
        return self.mean + (near - self.mean) @ self.weights.T

    def expected_without(self, values: Signal, sensors: Sequence[int]) -> NDArray[np.float64]:
        """(n, s) what ``sensors`` (s,) should read by what all *other* sensors read at the same step: those that may be
        at fault together do not vouch for one another. ``values`` (n, d) without holes. Without others it is the
        mean."""
        out = np.asarray(sensors)
        others = np.setdiff1d(np.arange(len(self.mean)), out)
        near = np.clip(values[:, others], -CLIP, CLIP).astype(np.float64) - self.mean[others]
        weights = np.linalg.solve(self.precision[np.ix_(out, out)], -self.precision[np.ix_(out, others)])
        return np.asarray(self.mean[out] + near @ weights.T)

    def windows(self, length: int, most: int) -> tuple[Signal, list[Place]]:
        """(k, length, d) normal windows, holes filled, evenly spaced over all of them, and where each begins. Where no
        stretch is as long as that, each is led by its first step again."""
        found = [filled(one) for one in self.stretches]
        if all(len(one) < length for one in found):
            found = [np.concatenate([np.repeat(one[:1], length - len(one), axis=0), one]) for one in found]
        views = [sliding(one, length) for one in found]
        counts = np.array([len(view) for view in views])
        edges = np.concatenate([[0], np.cumsum(counts)])
        chosen = np.unique(np.linspace(0, edges[-1] - 1, min(int(edges[-1]), most)).round().astype(np.int64))
        which = np.searchsorted(edges, chosen, side="right") - 1
        windows = np.stack([views[a][b - edges[a]] for a, b in zip(which, chosen, strict=True)])
        places = [
            Place(self.places[a].unit, self.places[a].start + int(b - edges[a]))
            for a, b in zip(which, chosen, strict=True)
        ]
        return windows, places


def _normal_spans(unit: SeriesUnit) -> list[tuple[int, int]]:
    return _runs(unit.normal())


def _usual_spans(model: SeriesModel, unit: SeriesUnit) -> list[tuple[int, int]]:
    """Where nothing was surprising for as long as the detector looks back; labels play no part."""
    usual = model.score(unit).settled.surprise < USUAL
    context = model.member(unit.machine).detector.context
    return [(a, b) for a, b in _runs(usual) if b - a >= max(context, FEWEST)]


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
