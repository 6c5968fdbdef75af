"""How raw vibration or sound is cut into frames before a detector sees it: a few settings beside the detector's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from pydantic import ValidationError

from core.errors import UserError
from core.store.datasets import DatasetRow
from core.ui import errors, rooms, words
from core.validation import remedy

if TYPE_CHECKING:
    from core.datasets.series import SeriesSet
    from core.features.signals.front_end import FrontEnd

FEATURES = {
    "bands": "Level of frequency bands",
    "envelope": "Rhythms of the envelope (bearings)",
    "logmel": "Log-mel (sound)",
}


def form(row: DatasetRow) -> dict[str, Any] | None:
    """The front end that is asked for, as a job's specification takes it; None where the settings do not fit, which
    is told in place."""
    from core.features.signals.front_end import FrontEnd

    data = rooms.datasets().series(row.id)
    usual = FrontEnd.auto(data)
    st.markdown("**From the raw signal to frames**")
    with errors.shown():
        found = _checked(_fields(row, data, usual))
        features = found.sensors(data.sensors, float(data.rate or 0))  # refuses what does not fit the rate
        frame, hop = found.samples(float(data.rate or 0))
        frames = sum((len(unit) - frame) // hop + 1 for unit in data.normals().units if len(unit) >= frame)
        if not frames:
            raise UserError("No normal recording is as long as a frame", row.name, "Take shorter frames")
        st.caption(
            f"{words.count(frames, 'normal frame')} to learn from, each with {words.count(len(features), 'feature')}."
        )
        return found.model_dump(mode="json")
    return None


def _fields(row: DatasetRow, data: SeriesSet, usual: FrontEnd) -> dict[str, Any]:
    def key(name: str) -> str:
        return f"train.frontend.{row.id[:12]}.{name}"

    def number(label: str, name: str, value: float, least: float, most: float, about: str) -> float:
        st.session_state.setdefault(key(name), value)
        return st.number_input(
            label,
            min_value=least,
            max_value=most,
            format="%.4g",
            key=key(name),
            persist_state="session",
            help=about,
        )

    nyquist = float(data.rate or 0) / 2
    with st.grid(4, min_column_width=170):
        st.session_state.setdefault(key("kind"), usual.kind)
        kind = st.selectbox(
            "Features of a frame",
            list(FEATURES),
            format_func=FEATURES.__getitem__,
            key=key("kind"),
            persist_state="session",
            help="What is measured in each frame, for every sensor.",
        )
        milliseconds = number("Frame, ms", "frame", 1000 * usual.frame, 1.0, 60_000.0, "Longer ones tell pitch better.")
        hop = number("Next frame after, ms", "hop", 1000 * usual.hop, 1.0, 60_000.0, "Half a frame is usual.")
        bands = number("Bands", "bands", float(usual.bands), 1.0, 256.0, "Features for each sensor.")
        low = number("From, Hz", "low", usual.low, 0.0, nyquist, "The lowest frequency that counts.")
        high = number("To, Hz", "high", usual.high or nyquist, 1.0, nyquist, "The highest frequency that counts.")
    return {
        "kind": kind,
        "frame": milliseconds / 1000,
        "hop": hop / 1000,
        "bands": int(bands),
        "low": low,
        "high": None if high >= nyquist else high,
        "fastest": min(usual.fastest, nyquist),
    }


def _checked(values: dict[str, Any]) -> FrontEnd:
    from core.features.signals.front_end import FrontEnd

    try:
        return FrontEnd(**values)
    except ValidationError as error:
        first = error.errors()[0]
        title = "".join(f"{FrontEnd.model_fields[str(step)].title}: " for step in first["loc"])
        raise UserError(f"The frames cannot be made so: {title}{remedy(first)}", "", "Change the settings") from None
