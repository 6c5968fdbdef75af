"""Small series without chance, whose figures the reference implementations were asked for once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Stretch = tuple[int, int]


def wave(n: int, events: list[Stretch], lift: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores that wave about 0 and rise by ``lift`` three steps after an event does, and the labels."""
    labels = np.zeros(n, bool)
    for start, stop in events:
        labels[start:stop] = True
    step = np.arange(n)
    return np.sin(step * 1.7) + np.cos(step * step * 0.013) + lift * np.roll(labels, 3), labels


def mask(n: int, *stretches: Stretch) -> NDArray[np.bool_]:
    found = np.zeros(n, bool)
    for start, stop in stretches:
        found[start:stop] = True
    return found


WAVES = [
    (300, [(40, 55), (150, 170), (180, 190)], 1.0),
    (120, [(0, 10), (60, 61)], 0.5),
    (500, [(100, 180), (400, 500)], 2.0),
    (300, [(40, 55)], 1.0),
]
