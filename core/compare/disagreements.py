"""How far contestants agree, and the parts on which they agree least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.compare.sidebyside import RATE, SideBySide
from core.metrics.agreement import cohen_kappa, spearman
from core.metrics.ranks import midranks

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Agreement:
    """``kappa`` of the verdicts and ``spearman`` of the scores, both (m, m); NaN where it is not defined. ``same``
    (m, m) is the share of the images on which two give the same verdict."""

    kappa: Floats
    spearman: Floats
    same: Floats


@dataclass(frozen=True)
class Disagreement:
    """One image: its place in ``SideBySide.items``, what it is (None: nobody said), and of each contestant, in order,
    the p-value and whether it calls the part bad. ``spread`` is how many powers of ten the p-values lie apart."""

    place: int
    item: str
    label: str | None
    defect: str | None
    p_values: tuple[float, ...]
    bad: tuple[bool, ...]
    spread: float

    @property
    def split(self) -> bool:
        """Whether the verdicts differ."""
        return len(set(self.bad)) > 1


def agreement(side: SideBySide, rate: float = RATE) -> Agreement:
    """Over all common images, labelled or not: truth plays no part."""
    flagged = side.flagged(rate)
    said = flagged.astype(float)
    same = 1 - (said.sum(axis=1)[:, None] + said.sum(axis=1)[None, :] - 2 * said @ said.T) / len(side)
    return Agreement(cohen_kappa(flagged), spearman(side.scores), same)


def disagreements(
    side: SideBySide, rate: float = RATE, *, between: Sequence[int] | None = None, top: int | None = 60
) -> list[Disagreement]:
    """Images on which the contestants (``between``: only these rows) disagree, the starkest first.

    First come those on which the verdicts differ, then by how far the p-values lie apart. p-values are on one axis,
    whatever the units of the scores, but a model with few calibration images cannot give a low one: all are cut off at
    the highest of the models' floors, so that nobody disagrees for want of calibration images. Ties, of which there are
    many at the floor, are broken by how far the images' ranks lie apart. All images are judged, labelled or not.
    """
    rows = list(range(len(side.contestants)) if between is None else between)
    flagged = side.flagged(rate)[rows]
    surprise = -np.log10(np.maximum(side.p_values[rows], side.floors[rows].max()))
    spread = np.ptp(surprise, axis=0)
    ranks = np.ptp(midranks(side.scores[rows]), axis=0)
    split = np.ptp(flagged.astype(np.int8), axis=0) > 0
    order = np.lexsort((np.arange(len(side)), -ranks, -spread, ~split))
    everyone = side.flagged(rate)
    return [
        Disagreement(
            int(place),
            side.items[place],
            side.labels[place],
            side.defects[place],
            tuple(side.p_values[:, place].tolist()),
            tuple(everyone[:, place].tolist()),
            float(spread[place]),
        )
        for place in order[:top]
        if split[place] or spread[place] > 0
    ]
