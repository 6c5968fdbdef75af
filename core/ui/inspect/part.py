"""One part in detail: the photograph, where it is unusual, what is known about it, and the user's judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pandas as pd
import streamlit as st

from core.charts.overlays import OPACITY, encode_jpeg
from core.datasets.said import Judgement
from core.datasets.types import ImageItem
from core.errors import UserError
from core.ui import blocks, bycategory, rooms, words
from core.ui.inspect import beside, exports, legend, navigation, pictures
from core.ui.inspect.scored import Scored
from core.ui.verdicts import LOOKS

COLUMNS = (5, 5, 4)  # relative widths
JUDGEMENTS: dict[Judgement, tuple[str, str, str]] = {  # label, icon, key
    "good": ("Good", ":material/thumb_up:", "G"),
    "bad": ("Bad", ":material/thumb_down:", "B"),
    "unsure": ("Unsure", ":material/question_mark:", "U"),
}
ROLES = {
    "unseen": "never seen by the model",
    "fit": "the model learned from this image: its score is too low",
    "calibration": "the limits were calibrated on this image",
}


@dataclass(frozen=True)
class Drawing:
    """How the heatmap is drawn."""

    opacity: float
    outline: bool
    mask: bool


def steps(frame: pd.DataFrame, rows: pd.DataFrame, name: str) -> None:
    """The ways on from a part of ``frame``; ``rows`` are those that the filters let through, in their order."""
    previous, following = navigation.neighbours(rows, name)
    at = navigation.place(rows, name)
    st.button("All parts", icon=":material/grid_view:", key="close", on_click=navigation.close, shortcut="Esc")
    _step("Previous", "previous", previous, ":material/chevron_left:", "Left")
    _step("Next", "next", following, ":material/chevron_right:", "Right")
    where = f"{at + 1:,} of {len(rows):,}" if at is not None else f"left out by the filters ({len(rows):,} pass)"
    st.markdown(f":small[{where}]", width="content")
    st.space("stretch")
    for label, outcome in (("Next false positive", "false positive"), ("Next false negative", "false negative")):
        _step(label, outcome.replace(" ", "-"), navigation.next_with(frame, name, outcome), ":material/skip_next:")


def show(scored: Scored, frame: pd.DataFrame, name: str) -> None:
    """The part ``name`` of ``frame``."""
    item = scored.data.by_name[name]
    row = frame.iloc[navigation.place(frame, name)]
    photograph, heat, facts = st.columns(COLUMNS, gap="medium")
    with facts:
        drawing = _facts(scored, item, row)
    try:
        with photograph:
            st.markdown(f"**Photograph** :small[{item.width} × {item.height} pixels]")
            st.image(
                pictures.plain(item, mask=drawing.mask), alt=f"Photograph of {name}", width=pictures.shown_width(item)
            )
        with heat:
            st.markdown("**Where it is unusual**")
            st.image(_heat(scored, item, drawing), alt=_heat_words(item, row), width=pictures.shown_width(item))
            legend.show(scored, item.category)
        _rebuilt(scored, item)
        beside.show(scored, item, drawing.opacity)
    except UserError as error:
        st.error(words.plain(str(error)), icon=":material/broken_image:")


def _heat(scored: Scored, item: ImageItem, drawing: Drawing) -> bytes:
    return encode_jpeg(
        pictures.heatmap(scored, item, opacity=drawing.opacity, outline=drawing.outline, mask=drawing.mask)
    )


def _heat_words(item: ImageItem, row: pd.Series) -> str:
    return f"Heatmap of {item.name}: verdict {row['verdict']}, score {words.score(row['score'])}"


def _step(label: str, key: str, target: str | None, icon: str, shortcut: str | None = None) -> None:
    st.button(
        label, icon=icon, key=f"step-{key}", disabled=target is None, on_click=navigation.open_part, args=(target,),
        shortcut=shortcut,
    )  # fmt: skip


def _facts(scored: Scored, item: ImageItem, row: pd.Series) -> Drawing:
    look = LOOKS[row["verdict"]]
    st.markdown(f"### {look.badge} {words.plain(words.short(item.name, 24))}")
    st.markdown(
        f"**Score {words.score(row['score'])}**: {words.good_parts_like(row['p_value'], scored.calibration.n)}."
    )
    truth = {"good": "good", "bad": "bad"}.get(item.label or "", "not labelled")
    known = f"{truth}, {words.plain(item.defect)}" if item.label == "bad" and item.defect else truth
    lines = [f"Dataset's label: **{known}**" + (f" ({row['outcome']})" if row["outcome"] else "")]
    if len(scored.data.categories) > 1:
        lines.append(f"Category: {words.plain(item.category)}")
    judged = bycategory.judged_as(scored.calibration, item.category)
    if judged:
        lines.append(f"This kind of part is {judged}")
    lines += [f"Role: {ROLES[row['role']]}", f"File: {words.plain(item.name)}"]
    st.markdown("\n".join(f"- {line}" for line in lines))
    _judgement(scored, item)
    opacity = st.slider(
        "Heatmap strength", 0.0, 1.0, OPACITY, 0.05, key="opacity", persist_state="session",
        help="1 is as the scale of colours shows it: the part stays visible below the strongest.",
    )  # fmt: skip
    outline = st.toggle("Outline what exceeds the limit", True, key="outline", persist_state="session")
    mask = st.toggle(
        "Outline the labelled defect", False, key="mask", persist_state="session", disabled=item.mask is None,
        help=None if item.mask else "The dataset has no mask for this image",
    )  # fmt: skip
    drawing = Drawing(opacity, outline, mask and item.mask is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Overlay",
            lambda: exports.overlay_png(
                scored, item, opacity=drawing.opacity, outline=drawing.outline, mask=drawing.mask
            ),
            exports.file_name(item.name, "-overlay.png"), "image/png", key="overlay-png", icon=":material/download:",
            on_click="ignore", help="The heatmap as shown, as PNG",
        )  # fmt: skip
        blocks.chart_help(
            "The photograph, and over it the detector's map of how unusual each place is.",
            "Grey is close to the limit, vermillion is over it; the brighter, the further. The solid outline encloses "
            "what is over the limit, the dashed white one the defect that the dataset marks.",
            "The map is coarser than the photograph, so edges are soft. Colours are fixed for the model: they do not "
            "adapt to a picture, and mean something else for another model.",
        )
    return drawing


def _judgement(scored: Scored, item: ImageItem) -> None:
    """The user's own label; the same button again takes it back."""
    given = rooms.datasets().labels(scored.dataset_id).get(item.name)
    st.markdown("**Your label**")
    with st.container(horizontal=True, key="judgement"):
        for value, (word, icon, key) in JUDGEMENTS.items():
            st.button(
                word, icon=icon, key=f"label-{value}", shortcut=key, type="primary" if given == value else "secondary",
                on_click=_judge, args=(scored.dataset_id, item.name, None if given == value else value),
            )  # fmt: skip


def _judge(dataset_id: str, name: str, value: str | None) -> None:
    rooms.datasets().set_label(dataset_id, name, cast("Judgement | None", value))


def _rebuilt(scored: Scored, item: ImageItem) -> None:
    """Reconstruction and error, from detectors that reconstruct."""
    pair = pictures.reconstruction(scored, item)
    if pair is None:
        return
    rebuilt, error, about = st.columns(COLUMNS, gap="medium")
    with rebuilt:
        st.markdown("**Reconstruction**")
        st.image(pair[0], alt=f"Reconstruction of {item.name}", width=pictures.shown_width(item))
    with error:
        st.markdown(f"**Error** :small[difference, {pictures.ERROR_GAIN} times brighter for every part]")
        st.image(pair[1], alt=f"Reconstruction error of {item.name}", width=pictures.shown_width(item))
    with about:
        st.caption(
            "The model has learned to draw good parts only. What it cannot draw shows in the error; fine texture "
            "does so on good parts too."
        )
