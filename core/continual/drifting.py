"""The drifts of one task, applied to raw samples as they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.continual.config import TaskDrift
from core.continual.source import Drawn, Raw, Source
from core.continual.types import View
from core.drift.scenarios import SCENARIOS, Surroundings, amounts, apply

_COURSE, _CHANGE = 2, 5  # purposes of random numbers
_VIEWS: Mapping[str, View] = {"signal": "vibration", "image": "image", "log": "log"}


def view_of(kind: str) -> View:
    """The view that a kind of drift changes."""
    return _VIEWS[SCENARIOS[kind].modality]


@dataclass(frozen=True, eq=False)
class Drifting:
    """``onsets`` are steps of the stream, one for each of ``drifts``; what is random follows from ``seed`` and the key
    that a call is given. ``other``: whose signals take over where the load switches."""

    drifts: tuple[TaskDrift, ...]
    onsets: tuple[int, ...]
    seed: Sequence[int]
    surroundings: Surroundings
    other: Source | None

    @property
    def onset(self) -> int | None:
        """Of the first drift that does anything."""
        begun = [at for drift, at in zip(self.drifts, self.onsets, strict=True) if drift.shape != "none"]
        return min(begun, default=None)

    def changed(self, drawn: Drawn, fault: NDArray[np.int64], steps: NDArray[np.int64], key: Sequence[int]) -> Raw:
        """Raw samples of classes ``fault`` (n,) as they are seen at ``steps`` (n,) of the stream."""
        raw = drawn.raw
        for place, (drift, onset) in enumerate(zip(self.drifts, self.onsets, strict=True)):
            generator = np.random.default_rng([*self.seed, _COURSE, place, *key])
            amount = drift.magnitude * amounts(drift, steps - onset, generator)
            raw = self.applied(drift, raw, fault, amount, [place, *key])
        return raw

    def applied(
        self, drift: TaskDrift, raw: Raw, fault: NDArray[np.int64], amount: NDArray[np.float64], key: Sequence[int]
    ) -> Raw:
        """Raw samples through one drift by ``amount`` (n,)."""
        view = view_of(drift.kind)
        if view not in raw or not amount.any():
            return raw
        generator = np.random.default_rng([*self.seed, _CHANGE, *key])
        surroundings = self.surroundings
        if drift.kind == "load" and self.other is not None:
            able = np.isin(fault, self.other.faults("train"))  # what the other load never showed stays what it is
            amount = np.where(able, amount, 0.0)
            other = self.other.draw(np.where(able, fault, 0), "train", generator).raw[view]
            surroundings = replace(surroundings, other=other)
        shaped = amount[:, None] if view == "vibration" else amount
        return {**raw, view: apply(drift.kind, raw[view], shaped, generator, surroundings)}
