"""When a sensor began to stray, how, and how far: one change point in its course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Course = NDArray[np.float64]  # (m,) one sensor over time, in usual spreads
Manner = Literal["jumped", "drifted", "fell silent", "froze", "became noisy", "was off before"]

FEWEST = 4  # readings on either side of a change
STILL = 0.01  # usual spreads: a reading that moves less from step to step stands still
STILL_SHARE = 0.25  # of the stretch, for which a sensor must stand still to have frozen
NOISY = 2.0  # times as much from step to step as before
OFF = 1.5  # usual spreads from usual: a sensor that stood further off before did not begin to stray here
SMALL = 0.5  # usual spreads: a smaller move is not worth telling


@dataclass(frozen=True)
class Onset:
    """``step`` is the unit's; ``size`` in usual spreads, negative downwards: of a jump how far, of a drift how far it
    came by the end of the stretch, of noise how many times the spread became what it was, of a sensor that was off
    before how far from usual it reads, else 0. ``apart``: told of what it reads less what the other sensors let expect,
    and not of the reading itself."""

    step: int
    manner: Manner
    size: float
    apart: bool = False


def onset(readings: Course, beside: Course, lead: int) -> Onset | None:
    """The change of one sensor that leads into the stretch, which begins after ``lead`` steps of what is given; None
    where it has too few readings, or did not change. Steps are counted from the first that is given.

    ``readings`` (m,) are scaled, ``beside`` (m,) the same or less what is expected of them; NaN where nothing was
    measured. First whether the sensor stopped to be read, or to move. Then ``beside`` is fitted by a level with one
    jump and by a level that turns into a slope, at every possible moment, and whichever leaves less is told, if it
    leaves so much less than one level that three more numbers are worth it (Schwarz, Annals of Statistics 1978), unless
    it is no larger than the noise that began with the stretch.
    """
    before, inside = beside[:lead], beside[lead:]
    known = np.isfinite(beside)
    if np.isfinite(inside).mean() < 0.5:
        read = np.flatnonzero(known)
        return Onset(int(read[-1]) + 1 if len(read) else 0, "fell silent", 0.0)
    frozen = _frozen(readings, lead)
    if frozen is not None:
        return Onset(frozen, "froze", 0.0)
    level = float(np.nanmedian(inside))
    stood = float(np.nanmedian(before)) if np.isfinite(before).any() else level
    if abs(stood) > OFF and stood * level > 0 and abs(stood) > abs(level) / 2:
        return Onset(0, "was off before", level)
    places, signal = np.flatnonzero(known), beside[known]
    if len(signal) < 2 * FEWEST:
        return None
    step, size, manner, gain = _change(signal)
    restless = _restlessness(readings[lead:]) / max(_restlessness(readings[:lead]), STILL) if lead > FEWEST else 1.0
    if restless > NOISY and abs(size) < float(np.nanstd(inside)):
        return Onset(lead, "became noisy", restless)
    if abs(size) < SMALL or gain < 3 * np.log(len(signal)):
        return None
    return Onset(int(places[step]), manner, size)


def _change(signal: NDArray[np.float64]) -> tuple[int, float, Manner, float]:
    """Index, size and manner of the change that leaves least, and how much likelier it makes the signal: n log of the
    squares that one level leaves over those that it leaves."""
    n = len(signal)
    level = max(float(((signal - signal.mean()) ** 2).sum()), 1e-12)
    jump, jump_left = _jump(signal)
    turn, turn_left = _turn(signal)
    if turn_left < jump_left:
        size = _slope(signal, turn) * (n - 1 - turn)
        return turn, size, "drifted", float(n * np.log(level / max(turn_left, 1e-12)))
    size = float(signal[jump:].mean() - signal[:jump].mean())
    return jump, size, "jumped", float(n * np.log(level / max(jump_left, 1e-12)))


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


def _restlessness(values: NDArray[np.float64]) -> float:
    """Spread of the moves from step to step: a drift does not count as noise."""
    known = values[np.isfinite(values)]
    return float(np.std(np.diff(known))) if len(known) > 1 else 0.0


def _frozen(values: NDArray[np.float64], lead: int) -> int | None:
    """First index of the longest run without a move that reaches into the stretch, if it is long for it and longer
    than any before."""
    still = np.abs(np.diff(np.nan_to_num(values))) <= STILL
    edges = np.flatnonzero(np.diff(still.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    if not len(edges) or lead < FEWEST:
        return None
    lengths, reaching = np.diff(edges, axis=1)[:, 0], edges[:, 1] >= lead
    if not reaching.any():
        return None
    best = int(np.argmax(np.where(reaching, lengths, -1)))
    others = lengths[~reaching]
    needed = max(STILL_SHARE * (len(values) - lead), 2 * FEWEST, 2 * int(others.max()) if len(others) else 0)
    # A sensor that stood still for the whole of what came before did so always.
    return int(edges[best, 0]) if lengths[best] >= needed and edges[best, 0] > 0 else None
