"""Red rust by its colour, in CIELAB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from core.severity.measures.base import Measure, MeasureInfo, Reading, View


class Colour(Measure):
    """Orange to red-brown hues of sufficient chroma for their lightness."""

    info: ClassVar[MeasureInfo] = MeasureInfo(
        name="colour",
        title="Rust colour",
        sentence="The share of the part that has the orange to red-brown colour of iron rust.",
        is_area=True,
    )

    def fit(self, first: Sequence[View]) -> None:
        """Nothing is learnt: the colour of rust is known beforehand."""

    def read(self, view: View) -> Reading:
        lab = view.lab
        hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
        chroma = np.hypot(lab[..., 1], lab[..., 2])
        heat = np.where((hue > 30) & (hue < 80), chroma / 20, 0).astype(np.float32)
        mask = (heat > 1) & view.part.mask
        value = float(mask.sum() / view.part.mask.sum()) if view.part.found else float("nan")
        return Reading(value, heat, mask)
