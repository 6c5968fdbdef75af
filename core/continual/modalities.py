"""All modalities of a stream behind one: raw views to flat rows for the memory, rows to inputs of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from core.continual.dynamics import ctmc, langevin, spd  # noqa: F401 each registers its dynamics
from core.continual.dynamics.alignment import Alignment, align
from core.continual.dynamics.contract import REGISTRY, Motion
from core.continual.types import Array, Batch, Modality, Stream
from core.errors import UserError

FOLLOW = 0.05  # rate at which targets of the dynamics follow the stream's normals


class Modalities:
    """Rows are (n, stored) float32, the modalities side by side in the order of the stream; NaN where one is
    missing."""

    def __init__(self, stream: Stream) -> None:
        if not stream.modalities:
            raise UserError(
                f"The stream «{stream.name}» has no view that a continual learner reads",
                "stream",
                "Give it vibration, images or logs; patches serve memory banks alone",
            )
        self.names: tuple[Modality, ...] = stream.modalities
        self._dynamics = {name: REGISTRY[name](stream.shapes[name]) for name in self.names}
        self.stored = sum(one.stored for one in self._dynamics.values())
        self.widths = tuple(one.width for one in self._dynamics.values())
        self._rows = _slices([one.stored for one in self._dynamics.values()])
        self._inputs = _slices(self.widths)
        # Batches are immutable, and the same normals set the threshold at every step: each is embedded once.
        self._encoded: WeakKeyDictionary[Batch, Array] = WeakKeyDictionary()
        self._seen: WeakKeyDictionary[Batch, tuple[Array, Array]] = WeakKeyDictionary()

    def encode(self, batch: Batch) -> Array:
        """(n, stored) rows of a batch."""
        if batch not in self._encoded:
            parts = [self._dynamics[name].encode(batch.views[name]) for name in self.names]
            self._encoded[batch] = np.concatenate(parts, axis=1)
        return self._encoded[batch]

    def inputs(self, batch: Batch) -> tuple[Array, Array]:
        """What the network sees of a batch: see `embed`. Only after `fit`."""
        if batch not in self._seen:
            self._seen[batch] = self.embed(self.encode(batch))
        return self._seen[batch]

    def fit(self, rows: Array, shared: int) -> Alignment:
        """References of all dynamics, and their alignment, from rows of normals. UserError where one has too few."""
        for name, part in zip(self.names, self._rows, strict=True):
            values = rows[:, part]
            present = np.isfinite(values).all(axis=1)
            if present.sum() < 2:
                raise UserError(f"The first task shows fewer than two normals by «{name}»", "stream", "Give more")
            self._dynamics[name].fit(values[present])
        inputs, mask = self.embed(rows)
        parts = [
            np.where(seen[:, None], inputs[:, part], np.nan) for seen, part in zip(mask.T, self._inputs, strict=True)
        ]
        return align(parts, shared)

    def follow(self, rows: Array) -> None:
        """Let the targets follow presumed normals."""
        for name, part in zip(self.names, self._rows, strict=True):
            values = rows[:, part]
            self._dynamics[name].follow(values[np.isfinite(values).all(axis=1)], FOLLOW)

    def embed(self, rows: Array) -> tuple[Array, Array]:
        """Inputs (n, width), and 1 where a modality is present (n, modalities), else 0: absent ones are masked, their
        zeros mean nothing."""
        inputs = np.zeros((len(rows), sum(self.widths)), np.float32)
        mask = np.zeros((len(rows), len(self.names)), np.float32)
        for m, (name, part, where) in enumerate(zip(self.names, self._rows, self._inputs, strict=True)):
            values = rows[:, part]
            present = np.isfinite(values).all(axis=1)
            mask[:, m] = present
            if present.all():
                inputs[:, where] = self._dynamics[name].embed(values)
            elif present.any():
                inputs[present, where] = self._dynamics[name].embed(values[present])
        return inputs, mask

    def transform(self, rows: Array, motion: Motion, push: Array, rng: np.random.Generator) -> Array:
        """Rows moved by the dynamics of each modality; ``push`` (n, width) is the gradient of each sample's loss."""
        moved = rows.copy()
        for name, part, where in zip(self.names, self._rows, self._inputs, strict=True):
            values = rows[:, part]
            here = np.asarray(np.isfinite(values).all(axis=1))
            if here.any():
                found = self._dynamics[name].transform(values[here], motion.of(here), push[here][:, where], rng)
                moved[here, part] = found
        return moved

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {f"{name}.{key}": value for name in self.names for key, value in self._dynamics[name].arrays().items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        for name in self.names:
            start = f"{name}."
            found = {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
            self._dynamics[name].restore(found)


def _slices(sizes: list[int] | tuple[int, ...]) -> tuple[slice, ...]:
    stops = np.cumsum(sizes)
    return tuple(slice(int(stop - size), int(stop)) for size, stop in zip(sizes, stops, strict=True))
