"""Raw samples in, frames of features out: as they come, however they are cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.features.signals.extract import Extractor

BLOCK = 65536  # samples that are looked at together: bounds the memory, changes no number
GROUP_BYTES = 8 * 2**20  # of the frames that are transformed together


class FrameStream:
    """Frames of one recording. What it keeps is shorter than a frame.

    ``signals`` are the columns whose features are taken, ``conditions`` those whose mean in the frame is. Frame k holds
    samples ``k * hop`` to ``k * hop + extractor.size - 1``.
    """

    def __init__(self, extractor: Extractor, hop: int, signals: Sequence[int], conditions: Sequence[int]) -> None:
        self._extractor, self._hop = extractor, hop
        self._signals, self._conditions = list(signals), list(conditions)
        columns = len(self._signals) + len(self._conditions)
        self._pending = np.empty((columns, 0))  # by column, so that a frame's samples lie together
        self._skip = 0  # samples to come that belong to no frame, where the hop is longer than the frame
        self._width = len(extractor.sensors("")) * len(self._signals) + len(self._conditions)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, D) next samples to (m, f) frames that they complete, in order; m may be 0."""
        found = [self._block(samples[start : start + BLOCK]) for start in range(0, len(samples), BLOCK)]
        return np.concatenate(found) if found else np.empty((0, self._width), np.float32)

    def _block(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        dropped = min(self._skip, len(samples))
        self._skip -= dropped
        wanted = samples[dropped:, self._signals + self._conditions].T.astype(np.float64, order="C")
        wanted[~np.isfinite(wanted)] = np.nan
        held = np.concatenate([self._pending, wanted], axis=1)
        size, length = self._extractor.size, held.shape[1]
        count = max(0, (length - size) // self._hop + 1)
        # A copy: a view would keep the whole block alive. Where frames lie apart, the gap is skipped as it comes.
        self._pending = held[:, count * self._hop :].copy()
        self._skip += max(0, count * self._hop - length)
        if not count:
            return np.empty((0, self._width), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(held, size, axis=1)[:, :: self._hop]
        group = max(1, GROUP_BYTES // (8 * size))
        return np.concatenate([self._features(frames[:, at : at + group]) for at in range(0, count, group)])

    def _features(self, frames: NDArray[np.float64]) -> NDArray[np.float32]:
        """(columns, m, n) to (m, f)."""
        n_signals = len(self._signals)
        found = [self._extractor.features(np.ascontiguousarray(one)) for one in frames[:n_signals]]
        found += [np.ascontiguousarray(one).mean(axis=1)[:, None] for one in frames[n_signals:]]
        return np.concatenate(found, axis=1).astype(np.float32)
