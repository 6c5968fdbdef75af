"""Areas above a part's own first-time level, less what lies above it by chance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.severity.measures.base import Measure, Reading, View

Plane = NDArray[np.float32]


def corrected_share(share: float, chance: float) -> float:
    """The share of truly changed area, where unchanged area lies above the level with probability ``chance``.

    With a changed share s all of which is above, share = s + (1 - s) chance; solved for s, and never below 0.
    """
    return max(0.0, (share - chance) / (1.0 - chance))


def above(evidence: Plane, level: float, span: float, chance: float, view: View) -> Reading:
    """A reading of evidence (h, w) per pixel: heat is 0.5 at the level and 0 or 1 from ``span`` below or above it."""
    heat = np.clip(0.5 + 0.5 * (evidence - level) / span, 0.0, 1.0).astype(np.float32)
    heat[~view.part.mask] = 0.0
    mask = heat > 0.5
    if not view.part.found:
        return Reading(float("nan"), heat, mask)
    return Reading(corrected_share(float(mask.sum() / view.part.mask.sum()), chance), heat, mask)


class Compared(Measure):
    """Holds each photograph against the first-time views that show what it shows: those of its name, or all where there
    is none of that name."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._first: tuple[View, ...] = ()

    def fit(self, first: Sequence[View]) -> None:
        self._first = tuple(first)

    def read(self, view: View) -> Reading:
        own = [one for one in self._first if one.photo.view == view.photo.view] or list(self._first)
        return self.compare(view, own) if own and view.part.found else Reading.nothing(view)

    @abstractmethod
    def compare(self, view: View, own: Sequence[View]) -> Reading:
        """Measure a photograph in which a part was found; ``own`` are its first-time views, at least one."""
