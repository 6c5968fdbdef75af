"""When a sensor began to stray, how, and how far: one change point in its scaled signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.explain.stretch import Stretch

Manner = Literal["jumped", "drifted", "fell silent", "froze", "became noisy"]

FEWEST = 4  # readings on either side of a change
FROZEN = 0.1  # of the spread before: a signal as still as that has frozen
NOISY = 2.0  # times the spread before
SMALL = 0.5  # usual spreads: a move smaller than this is not what is to be told first


@dataclass(frozen=True)
class Onset:
    """``step`` is the unit's; ``size`` in usual spreads, negative downwards: of a jump how far, of a drift how far it
    came by the end of the stretch, of noise how many times the spread became what it was, else 0."""

    step: int
    manner: Manner
    size: float


def onset(stretch: Stretch, sensor: int) -> Onset | None:
    """The change of one sensor that leads into the stretch; None where it has too few readings, or never changed.

    The signal from some way before the stretch to its end is fitted by a level with one jump and by a level that
    turns into a slope, at every possible moment; whichever leaves less is told. A sensor that stopped to be read,
    to move, or to be quiet is told as that.
    """
    values = stretch.values[: stretch.lead + stretch.n, sensor].astype(np.float64)
    first = stretch.start - stretch.lead
    inside = values[stretch.lead :]
    known = np.isfinite(values)
    if np.isfinite(inside).mean() < 0.5:
        gone = np.flatnonzero(known)
        return Onset(first + (int(gone[-1]) + 1 if len(gone) else 0), "fell silent", 0.0)
    places, signal = np.flatnonzero(known), values[known]
    if len(signal) < 2 * FEWEST:
        return None
    jump, jump_left = _jump(signal)
    turn, turn_left = _turn(signal)
    before, after = signal[:jump], signal[jump:]
    size = float(after.mean() - before.mean())
    if turn_left < jump_left:
        slope = _slope(signal, turn)
        size = slope * (len(signal) - 1 - turn)
    quieter = _spread(inside[np.isfinite(inside)]) / max(_spread(values[: stretch.lead]), 1e-6)
    if abs(size) < SMALL or quieter < FROZEN:
        if quieter < FROZEN and stretch.lead >= FEWEST:
            return Onset(first + _still_since(values), "froze", 0.0)
        if quieter > NOISY and stretch.lead >= FEWEST:
            return Onset(stretch.start, "became noisy", float(quieter))
        if abs(size) < SMALL:
            return None
    if turn_left < jump_left:
        return Onset(first + int(places[turn]), "drifted", size)
    return Onset(first + int(places[jump]), "jumped", size)


def _jump(signal: NDArray[np.float64]) -> tuple[int, float]:
    """First index after the best single jump between two levels, and the squares it leaves (Page, Biometrika 1957)."""
    n = len(signal)
    total, squares = signal.sum(), (signal**2).sum()
    index = np.arange(FEWEST, n - FEWEST + 1)
    left = np.cumsum(signal)[index - 1]
    gained = left**2 / index + (total - left) ** 2 / (n - index)
    best = int(np.argmax(gained))
    return int(index[best]), float(squares - gained[best])


def _turn(signal: NDArray[np.float64]) -> tuple[int, float]:
    """Index at which a level best turns into a slope, and the squares it leaves: least squares on (1, (i - c)+) for
    every c at once."""
    n = len(signal)
    corner = np.arange(FEWEST, n - FEWEST + 1)
    i = np.arange(n)
    m = n - 1 - corner  # steps on the slope
    ramp, ramp_squares = m * (m + 1) / 2, m * (m + 1) * (2 * m + 1) / 6
    tail = np.cumsum(signal[::-1])[::-1]
    weighted = np.cumsum((signal * i)[::-1])[::-1]
    product = weighted[corner] - corner * tail[corner]
    centred = product - ramp * signal.sum() / n
    variance = ramp_squares - ramp**2 / n
    gained = centred**2 / variance
    best = int(np.argmax(gained))
    return int(corner[best]), float(((signal - signal.mean()) ** 2).sum() - gained[best])


def _slope(signal: NDArray[np.float64], corner: int) -> float:
    ramp = np.maximum(np.arange(len(signal)) - corner, 0).astype(np.float64)
    ramp -= ramp.mean()
    return float(ramp @ signal / (ramp @ ramp))


def _spread(values: NDArray[np.float64]) -> float:
    """Of the differences from step to step: a drift does not count as noise."""
    known = values[np.isfinite(values)]
    return float(np.std(np.diff(known))) if len(known) > 1 else 0.0


def _still_since(values: NDArray[np.float64]) -> int:
    """First index of the last run without a move larger than a hundredth of a usual spread."""
    moves = np.flatnonzero(np.abs(np.diff(np.nan_to_num(values))) > 0.01)
    inner = moves[moves < len(values) - 2]
    return int(inner[-1]) + 1 if len(inner) else 0
