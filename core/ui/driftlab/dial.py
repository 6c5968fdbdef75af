"""What drifts, how it comes, how far and when. All of it is in the URL."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from core.drift.scenarios import SCENARIOS, Drift, Shape
from core.drift.scenarios.registry import Modality
from core.ui import words

SHAPES = {
    "abrupt": "all at once",
    "gradual": "old and new in turn, ever more of the new",
    "incremental": "growing evenly",
    "recurring": "coming and going",
}
NONE = Drift(kind="gain", shape="none")


def kind(modality: Modality, left_out: tuple[str, ...] = ()) -> str:
    """The kind of drift."""
    known = [one.name for one in SCENARIOS.values() if one.modality == modality and one.name not in left_out]
    chosen = st.selectbox(
        "Drift", known, key="drift", bind="query-params", format_func=lambda name: SCENARIOS[name].title, width=200
    )
    return chosen if chosen in known else known[0]


def drift(chosen: str, steps: int, unit: str = "steps") -> tuple[Drift, int]:
    """The drift and the step at which it begins, of ``steps``."""
    shapes = [shape for shape in get_args(Shape) if shape in SHAPES]
    course = st.selectbox("Course", shapes, key="course", bind="query-params", width=160)
    size = st.slider(
        "Size", -3.0, 3.0, 1.0, 0.25, key="size", bind="query-params", width=240,
        help=f"At size 1, {SCENARIOS[chosen].effect}. Some kinds have no direction: -1 is as 1.",
    )  # fmt: skip
    at = st.slider("Begins at, %", 5, 95, 50, 5, key="onset", bind="query-params", width=200)
    width, period = 50, 100
    if course in ("gradual", "incremental"):
        width = int(st.number_input(f"Complete after, {unit}", 1, max(steps, 2), max(steps // 8, 1), key="width"))
    elif course == "recurring":
        period = int(st.number_input(f"Comes every, {unit}", 2, max(steps, 3), max(steps // 4, 2), key="period"))
    found = Drift(kind=chosen, shape=course if size else "none", magnitude=size or 1.0, width=width, period=period)
    return found, round(steps * at / 100)


def told(drift: Drift) -> str:
    """The drift in a sentence."""
    if drift.shape == "none":
        return "No drift: size 0."
    effect = words.plain(SCENARIOS[drift.kind].effect)
    course = SHAPES[drift.shape]
    if drift.magnitude == 1:
        return f"The drift: {effect}, {course}."
    return f"The drift: {course}, of size {drift.magnitude:g}; at size 1, {effect}."
