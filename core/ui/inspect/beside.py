"""The same part as other detectors see it, side by side."""

from __future__ import annotations

import streamlit as st

from core.charts.overlays import encode_jpeg
from core.datasets.types import ImageItem
from core.ui import rooms, words
from core.ui.inspect import limits, pictures, scored
from core.ui.labels import detector, labels
from core.ui.verdicts import LOOKS

AT_FIRST, MOST = 3, 8


def show(shown: scored.Scored, item: ImageItem, opacity: float) -> None:
    """A column for each chosen model that has scored this dataset, with its own limits and its own fixed colours."""
    rows = {row.model_id: row for row in rooms.runs().list(shown.dataset_id) if row.model_id != shown.model.id}
    models = {model.id: model for model in rooms.models().list() if model.id in rows}
    if not models:
        st.caption("Train another detector on this dataset to see the same part through it here.")
        return
    st.subheader("The same part through other detectors", anchor=False)
    names = labels({model.id: f"{model.name} ({detector(model.detector)})" for model in models.values()})
    chosen = st.multiselect(
        "Models", list(models), default=list(models)[:AT_FIRST], max_selections=MOST,
        format_func=names.__getitem__, key="beside", persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    with st.grid(4, min_column_width=220):
        for model_id in chosen:
            if model_id in models:
                with st.container(gap="xxsmall"):
                    _one(scored.load(shown.dataset_id, models[model_id], rows[model_id]), item, opacity)


def _one(other: scored.Scored, item: ImageItem, opacity: float) -> None:
    found = other.scores[other.scores["item"] == item.name]
    if found.empty:
        st.caption(f"«{words.plain(other.model.name)}» has not scored this part.")
        return
    row = found.iloc[0]
    score, p_value = float(row["score"]), float(row["p_value"])
    look = LOOKS[limits.of(other).verdicts([score])[0]]
    picture = pictures.heatmap(other, item, opacity=opacity, outline=True, mask=False)
    st.markdown(f"{look.badge} **{words.plain(other.model.name)}**")
    st.image(
        encode_jpeg(picture),
        alt=f"Heatmap of {item.name} by {other.model.name}: {look.word.lower()}",
        width=pictures.shown_width(item),
    )
    st.caption(f"Score {words.score(score)}: {words.good_parts_like(p_value, other.calibration.n)}.")
