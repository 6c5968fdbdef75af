"""Drifts of sensors and machines, on raw signals (b, L, d) with amounts (b, L) or (b, 1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.drift.scenarios.surroundings import Surroundings
from core.errors import UserError

Signals = NDArray[np.float32]
Amount = NDArray[np.float64]

LEAST_GAIN = 0.05
NOISE_DB = -5.0  # of the noise against the signal at magnitude 1
SLOWER = 0.08
SPEED_BLOCK = 256  # samples after which a slowed signal is in step again, so that labels keep their place
POLE = 0.75  # of the low-pass, per sample
HOLD = 3  # samples more that a reading is held for


def gain(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """An amplifier off its setting: x (1 + 0.7 a)."""
    factor = np.maximum(1 + 0.7 * amount, LEAST_GAIN)
    return np.asarray(values * factor[..., None], np.float32)


def offset(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """A zero that wanders: x + 1.5 a sd."""
    return np.asarray(values + 1.5 * amount[..., None] * _spread(surroundings), np.float32)


def noise(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """White noise with a power of 10^(-5/10) a² of the signal's."""
    sd = np.abs(amount)[..., None] * _spread(surroundings) * 10 ** (NOISE_DB / 20)
    return np.asarray(values + sd * generator.standard_normal(values.shape), np.float32)


def speed(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """The machine turns slower by 8 a %: read at stretched places, which never look ahead where the amount is positive.
    Every ``SPEED_BLOCK`` samples it is in step again."""
    length = values.shape[1]
    lag = np.broadcast_to(SLOWER * amount, values.shape[:2])
    sums = np.cumsum(lag, axis=1)
    starts = np.arange(length) // SPEED_BLOCK * SPEED_BLOCK
    places = np.arange(length) - (sums - sums[:, starts])
    places = np.clip(places, 0, length - 1)
    below = np.floor(places).astype(np.int64)
    share = (places - below)[..., None]
    above = np.minimum(below + 1, length - 1)
    low = np.take_along_axis(values, below[..., None], axis=1)
    high = np.take_along_axis(values, above[..., None], axis=1)
    return np.asarray((1 - share) * low + share * high, np.float32)


def low_pass(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """A worn or badly coupled sensor: mixed with its own first-order low-pass."""
    from scipy.signal import lfilter  # slow to import, and pages list the kinds

    start = POLE * values[:, :1]
    smooth, _ = lfilter([1 - POLE], [1, -POLE], values, axis=1, zi=start)
    mixed = np.clip(np.abs(amount), 0, 1)[..., None]
    return np.asarray((1 - mixed) * values + mixed * smooth, np.float32)


def stuck(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """A sensor that refreshes seldom: a reading is held for 1 + 3 a samples."""
    hold = 1 + np.round(HOLD * np.abs(amount)).astype(np.int64)
    steps = np.arange(values.shape[1])
    places = np.broadcast_to(steps - steps % hold, values.shape[:2])
    return np.take_along_axis(values, places[..., None], axis=1)


def load(values: Signals, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Signals:
    """Recordings of another load take over."""
    if surroundings.other is None:
        raise UserError("There are no recordings of another load to switch to", "drift «load»", "Choose another drift")
    mixed = np.clip(np.abs(amount), 0, 1)[..., None]
    return np.asarray((1 - mixed) * values + mixed * surroundings.other, np.float32)


def _spread(surroundings: Surroundings) -> NDArray[np.float64]:
    if surroundings.spread is None:
        raise ValueError("the spread of the signals is needed")
    return surroundings.spread
