"""Drift of one machine, told apart from its faults.

An anomaly is a matter of the score's tail; drift is a shift of the bulk that lasts. Three views look for it: the
sensors themselves (level and spread of every block), the bulk of the score (its median and interquartile range), both
by Kolmogorov-Smirnov with Holm, and the code of a network, by maximum mean discrepancy. A test holds the last
``window`` blocks against the reference by their ranks or by a bounded kernel: a fault that fills a few blocks counts
for a few blocks, however large it is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.detectors.series.model import Member
from core.drift.blocks import Floats
from core.drift.features import Features, features
from core.drift.onset import onset
from core.drift.reference import Reference, from_plain, to_plain
from core.drift.state import DriftState, Moved, Verdict, View, ViewName
from core.drift.views import DriftRule, Tested

MOST, KEPT = 1024, 512  # blocks that are remembered, and what is left of them when they are too many
ROBUST = 1.349  # interquartile range of a standard normal distribution


@dataclass(frozen=True)
class Kept:
    """A block as it is remembered: its first step, that step's time, its share of alarmed steps, its features."""

    step: int
    time: float
    alarmed: float
    features: Features


class DriftMonitor:
    """Follows a machine's steps. What it says does not depend on how they are cut; memory is bounded; ``to_json`` and
    ``restore`` let another process go on. ``sensors``: names of the signals, in the member's order."""

    def __init__(
        self,
        member: Member,
        sensors: tuple[str, ...],
        reference: Reference,
        rule: DriftRule = DriftRule(),  # noqa: B008 - frozen
    ) -> None:
        self.member, self.sensors, self.reference, self.rule = member, sensors, reference, rule
        self._context = member.detector.context
        usual = [columns(name, reference) for name in ("input", "bulk", "latent")]
        self._views = {
            name: Tested(name, columns, rule)
            for name, columns in zip(VIEWS, usual, strict=True)
            if columns.shape[1]
        }  # fmt: skip
        self.blocks: list[Kept] = []
        self.seen = 0  # blocks ever
        self._waiting: list[tuple[Signal, Floats, NDArray[np.bool_], Floats]] = []
        self._held = 0  # steps that wait for their block to fill
        self._since: dict[str, tuple[int, float]] = {}

    def push(
        self, readings: NDArray[np.float32], surprise: Floats, alarmed: NDArray[np.bool_], time: Floats
    ) -> list[DriftState]:
        """The next n steps: (n, D) readings in the order of the model's sensors, (n,) surprise of *now*, whether each
        step was above its limit, and its time. The states at which drift began to be told."""
        scaled, begun = self.member.scaler.apply(readings), []
        start = 0
        while start < len(scaled):
            stop = min(start + self.reference.steps - self._held, len(scaled))
            self._waiting.append((scaled[start:stop], surprise[start:stop], alarmed[start:stop], time[start:stop]))
            self._held += stop - start
            start = stop
            if self._held == self.reference.steps and self._block():
                begun.append(self.state())
        return begun

    def state(self) -> DriftState:
        """What there is to say now."""
        window = self.blocks[-self.rule.window :]
        unusual = sum(block.alarmed >= self.rule.unusual for block in window)
        views = tuple(self._view(tested) for tested in self._views.values())
        drifted = sum(view.drifted for view in views)
        return DriftState(
            verdict=self._verdict(drifted, unusual),
            confirmed=drifted >= 2,
            block=self.reference.steps,
            window=self.rule.window,
            blocks=self.seen,
            steps=self.seen * self.reference.steps + self._held,
            unusual=unusual,
            views=views,
            moved=tuple(self._moved()) if self._views["input"].drifted else (),
            silent=tuple(self._silent(window)),
            unjudged=tuple(name for name, known in zip(self.sensors, self.reference.judged, strict=True) if not known),
        )

    def to_json(self) -> dict[str, Any]:
        """The state, the reference left out."""
        return {
            "seen": self.seen,
            "blocks": [
                [one.step, one.time, one.alarmed, *(to_plain(getattr(one.features, f.name)) for f in fields(Features))]
                for one in self.blocks
            ],
            "waiting": [
                [to_plain(scaled.astype(float)), surprise.tolist(), alarmed.tolist(), time.tolist()]
                for scaled, surprise, alarmed, time in self._waiting
            ],
            "views": {name: tested.state() for name, tested in self._views.items()},
            "since": {name: list(since) for name, since in self._since.items()},
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Go on from what ``to_json`` gave, with the same reference and rule."""
        self.seen = int(data["seen"])
        self.blocks = [Kept(one[0], one[1], one[2], Features(*map(from_plain, one[3:]))) for one in data["blocks"]]
        self._waiting = [
            (
                from_plain(scaled).astype(np.float32),
                np.array(surprise, float),
                np.array(alarmed, bool),
                np.array(time, float),
            )
            for scaled, surprise, alarmed, time in data["waiting"]
        ]
        self._held = sum(len(surprise) for _, surprise, _, _ in self._waiting)
        self._since = {name: (int(since[0]), float(since[1])) for name, since in data["since"].items()}
        for name, tested in self._views.items():
            tested.restore(data["views"][name], self._history(name))

    def _block(self) -> bool:
        """Judge the block that is full; whether drift began to be told."""
        scaled, surprise, alarmed, time = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        found = features(scaled, surprise, self.member.detector, self._context)
        step = self.seen * self.reference.steps
        self.blocks.append(Kept(step, float(time[0]), round(float(alarmed.mean()), 4), found))
        self._waiting, self._held, self.seen = [], 0, self.seen + 1
        for name, tested in self._views.items():
            tested.push(columns(name, found, self.reference.judged))
            if tested.began:
                at = self.blocks[self._onset(name)]
                self._since[name] = (at.step, at.time)
        if len(self.blocks) >= MOST:
            self.blocks = self.blocks[-KEPT:]
            for name, tested in self._views.items():
                tested.restore(tested.state(), self._history(name))
        return any(tested.began for tested in self._views.values())

    def _verdict(self, drifted: int, unusual: int) -> Verdict:
        if drifted:
            return "drift"
        if self.seen < self.rule.window:
            return "watching"
        if unusual:
            return "anomaly"
        return "suspected" if any(tested.suspected for tested in self._views.values()) else "steady"

    def _view(self, tested: Tested) -> View:
        since = self._since.get(tested.name) if tested.drifted else None
        figure = {"input": self._largest, "bulk": self._bulk, "latent": self._divergence}[tested.name]()
        return View(
            tested.name, tested.p, round(figure, 3), tested.suspected, tested.drifted, *(since or (None, None))
        )  # fmt: skip

    def _history(self, name: ViewName) -> list[Floats]:
        return [columns(name, block.features, self.reference.judged) for block in self.blocks]

    def _onset(self, name: ViewName) -> int:
        """Place of the block where the view's most moved column began to move."""
        history, usual = np.array(self._history(name)), columns(name, self.reference)
        window = history[-self.rule.window :]
        spread = np.nanstd(usual, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = np.abs(_medians(window) - _medians(usual)) / np.where(spread > 0, spread, 1.0)
        return onset(history[:, int(np.argmax(np.nan_to_num(moved, nan=-1.0)))])

    def _moved(self) -> list[Moved]:
        test, d = self._views["input"].test, len(self.sensors)
        p = np.minimum(test.p[:d], test.p[d:])
        history = np.array(self._history("input"))
        shift, ratio = self.shifts()
        found = []
        for k in np.flatnonzero(p < self.rule.alpha):
            column = k if test.p[k] <= test.p[d + k] else d + k
            at = self.blocks[onset(history[:, column])]
            figures = (round(float(shift[k]), 3), round(float(ratio[k]), 3), float(p[k]))
            found.append(Moved(self.sensors[k], *figures, at.step, at.time))
        return sorted(found, key=lambda one: -max(abs(one.shift), abs(np.log(one.ratio))))

    def shifts(self) -> tuple[Floats, Floats]:
        """(d,) by how many usual spreads each sensor's level has moved in the window, and how many times wider it stirs
        within a block; nan without readings or blocks."""
        window = self.blocks[-self.rule.window :]
        if not window:
            return np.full(len(self.sensors), np.nan), np.full(len(self.sensors), np.nan)
        level, spread = (np.array([getattr(one.features, name) for one in window]) for name in ("level", "spread"))
        return (
            _medians(level) - _medians(self.reference.level),
            np.exp(_medians(spread) - _medians(self.reference.spread)),
        )

    def _largest(self) -> float:
        shift = np.where(self.reference.judged, np.abs(np.nan_to_num(self.shifts()[0])), 0.0)
        return float(shift.max(initial=0.0))

    def _bulk(self) -> float:
        """Shift of the median of the blocks' medians, in usual spreads of a block's median."""
        usual = self.reference.bulk[:, 0]
        window = [block.features.bulk[0] for block in self.blocks[-self.rule.window :]] or [float(np.median(usual))]
        low, high = np.percentile(usual, (25, 75))
        return float((np.median(window) - np.median(usual)) / max((high - low) / ROBUST, 1e-6))

    def _divergence(self) -> float:
        """Kullback-Leibler divergence of the window's aggregated posterior from the reference's, both taken for
        Gaussian without covariances, in nats; 0 without blocks."""
        window = [
            block.features for block in self.blocks[-self.rule.window :] if np.isfinite(block.features.code).all()
        ]
        if len(window) < 2:
            return 0.0
        codes, variances = np.array([one.code for one in window]), np.array([one.code_variance for one in window])
        mean, variance = codes.mean(axis=0), codes.var(axis=0) + variances.mean(axis=0)
        usual = self.reference.code
        centre, spread = usual.mean(axis=0), usual.var(axis=0) + self.reference.code_variance.mean(axis=0)
        return gaussian_kl(mean, variance, centre, spread)

    def _silent(self, window: list[Kept]) -> list[str]:
        if not window:
            return []
        absent = np.mean([np.isnan(block.features.level) for block in window], axis=0) > 0.5
        return [name for name, gone in zip(self.sensors, absent, strict=True) if gone]


VIEWS: tuple[ViewName, ...] = ("input", "bulk", "latent")


def gaussian_kl(mean: Floats, variance: Floats, centre: Floats, spread: Floats) -> float:
    """KL divergence in nats of N(mean, diag variance) from N(centre, diag spread), all (q,)."""
    first, second = np.maximum(variance, 1e-9), np.maximum(spread, 1e-9)
    return float(0.5 * np.sum((first + (mean - centre) ** 2) / second - 1 + np.log(second / first)))


def columns(name: ViewName, source: Features | Reference, judged: NDArray[np.bool_] | bool = True) -> Floats:
    """What a view looks at, of one block (c,) or of a reference (r, c); sensors that are not judged are NaN."""
    if name == "input":
        known = source.judged if isinstance(source, Reference) else judged
        level, spread = (np.where(known, one, np.nan) for one in (source.level, source.spread))
        return np.concatenate([level, spread], axis=-1)
    return source.bulk if name == "bulk" else source.code


def _medians(values: Floats) -> Floats:
    """(r, c) to (c,), NaN left out; NaN for a column without values."""
    found = np.full(values.shape[1], np.nan)
    some = np.isfinite(values).any(axis=0)
    found[some] = np.nanmedian(values[:, some], axis=0)
    return found
