"""What a block of steps says: level and spread of every sensor, the bulk of the score, and the network's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.drift.blocks import Floats

DIGITS = 4  # a ten-thousandth of the usual spread is no move, and JSON keeps such numbers exactly
LEAST_SPREAD = 1e-3  # in a block, so that a sensor that stands still has a logarithm
WINDOWS = 4  # of a block that are encoded


@runtime_checkable
class Encodes(Protocol):
    """A detector that has a code for windows."""

    def latents(self, windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and log-variance (b, q) of windows (b, t, d)."""


@dataclass(frozen=True)
class Features:
    """Of one block. ``level`` (d,): mean of each scaled signal, in its usual spreads; ``spread`` (d,): natural log of
    its standard deviation within the block; ``bulk`` (2,): median and interquartile range of the surprise; ``code``
    (q,) and ``code_variance`` (q,): mean of the posterior means, and of the posterior variances, empty without a
    network. NaN where nothing was measured."""

    level: Floats
    spread: Floats
    bulk: Floats
    code: Floats
    code_variance: Floats


def features(scaled: Signal, surprise: Floats, detector: object, context: int) -> Features:
    """Of a block of n >= context steps: (n, d) scaled signals and their (n,) surprise."""
    seen = np.isfinite(scaled)
    count = seen.sum(axis=0)
    some, values = count > 0, np.where(seen, scaled, 0).astype(float)
    level = np.divide(values.sum(axis=0), count, out=np.full(len(count), np.nan), where=some)
    square = np.where(seen, values - np.nan_to_num(level), 0) ** 2
    deviation = np.sqrt(np.divide(square.sum(axis=0), count, out=np.full(len(count), np.nan), where=count > 1))
    low, median, high = np.percentile(surprise, (25, 50, 75))
    code, variance = _code(scaled, detector, context)
    found = (level, np.log(np.maximum(deviation, LEAST_SPREAD)), np.array([median, high - low]), code, variance)
    return Features(*(np.round(one, DIGITS) + 0.0 for one in found))


def _code(scaled: Signal, detector: object, context: int) -> tuple[Floats, Floats]:
    if not isinstance(detector, Encodes):
        return np.empty(0), np.empty(0)
    stops = np.unique(np.linspace(context, len(scaled), WINDOWS).round().astype(int))
    mean, log_variance = detector.latents(np.stack([scaled[stop - context : stop] for stop in stops]))
    return mean.mean(axis=0, dtype=float), np.exp(log_variance.astype(float)).mean(axis=0)
