"""White corrosion of zinc: pale, dull, grey deposits, brighter than the metal was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from core.severity.measures.base import MeasureInfo, Reading, View
from core.severity.measures.excess import Compared, Plane, above
from core.severity.outline import disc

SPECK = 7  # pixels at the working side: highlights of grain and edges are narrower than a deposit
GREY = 14.0  # steps of chroma: white corrosion has less
CHANCE = 0.03  # of the first time's area that lies above its own level
SPAN = 12.0  # lightness steps
DARK = (0.05, 0.35)  # quantiles of the part's lightness that deposits do not reach: by them exposures are compared
RECESS = 25.0  # lightness steps: too dark to compare exposures by
BURNT = 0.95  # of white, linear: a table beyond it may be cut off, and no longer tells the exposure
FLAT = 0.5  # of the background at its brightest grey level: cut off, and darkened afterwards
TWICE = 2.0 ** (1 / 3)  # gain of L + 16 by twice the light: exposures farther apart cannot be compared
BARE, BARE_BURNT = 44.0, 64.0  # least median lightness of bare zinc or steel, and on a burnt-out table
PALE = 60.0  # least lightness of a deposit


class Zinc(Compared):
    """Pale area beyond the first time's.

    Exposures are told by the table and by the part's darker metal, which a tilt makes lighter and deposits do, too: the
    mean of both is taken off. A burnt-out table tells none; then the metal alone does, up to a factor of two. Says
    nothing (NaN) beyond it, nor of a dark coated part, on which zinc's corrosion would not be pale on pale.
    """

    info: ClassVar[MeasureInfo] = MeasureInfo(
        name="zinc",
        title="White corrosion",
        sentence="The share of the part under pale, dull deposits such as zinc forms, brighter than it was at first.",
        is_area=True,
    )

    def compare(self, view: View, own: Sequence[View]) -> Reading:
        metal = np.concatenate([one.lab[..., 0][one.part.mask] for one in own])
        burnt = any(_burnt(one) for one in own)
        if float(np.median(metal)) < (BARE_BURNT if burnt else BARE):
            return Reading.nothing(view)
        reference = np.concatenate([paleness(one, 1.0)[one.part.mask] for one in own])
        gain = _gain(view.lab[..., 0][view.part.mask], metal)
        if not (burnt or _burnt(view)):
            gain = float(np.sqrt(gain))
        elif not 1 / TWICE <= gain <= TWICE:
            return Reading.nothing(view)
        level = max(float(np.quantile(reference, 1 - CHANCE)), PALE)
        return above(paleness(view, gain), level, SPAN, float((reference > level).mean()), view)


def paleness(view: View, gain: float) -> Plane:
    """Lightness (h, w) of broad grey areas after division by an exposure's gain in L + 16; 0 where there is colour."""
    lightness = (np.ascontiguousarray(view.lab[..., 0]) + 16.0) / gain - 16.0
    dull = cv2.morphologyEx(cv2.GaussianBlur(lightness, (0, 0), 1.0), cv2.MORPH_OPEN, disc(SPECK))
    chroma = np.hypot(view.lab[..., 1], view.lab[..., 2])
    return np.where(cv2.blur(chroma, (3, 3)) < GREY, dull, 0.0).astype(np.float32)


def _gain(now: Plane, then: Plane) -> float:
    """By how much L + 16 of the darker metal has changed: light scales its cube."""
    quantiles = np.linspace(*DARK, 7)
    one, other = np.quantile(now, quantiles), np.quantile(then, quantiles)
    usable = other > RECESS
    return float(np.median((one[usable] + 16.0) / (other[usable] + 16.0))) if usable.any() else 1.0


def _burnt(view: View) -> bool:
    if np.median(view.part.light) > BURNT:
        return True
    grey = view.rgb[~view.part.outline].max(axis=1)
    return bool(grey.size) and bool((grey >= np.quantile(grey, 0.99)).mean() > FLAT)
