"""What was taken for the part: to look at, to correct with a threshold or by circling, and to analyse again with."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.charts.overlays import encode_jpeg
from core.charts.rustlayers import SIDE, covered, fitted, part_layer
from core.datasets import images
from core.datasets.wording import percent
from core.severity.correction import MOST_SHIFT, Correction, Polygon, corrected_part, key
from core.severity.part import Part
from core.severity.types import PartResult, Photo, Rgb
from core.ui import blocks, rooms, words
from core.ui.rust import drawn, lasso, scene, sending
from core.ui.rust.story import Story

ADD, REMOVE = "Add to the part", "Take away from the part"


def show(story: Story, result: PartResult, view: str) -> None:
    """The outline of the part in the photograph that the stage shows; corrections are kept with the photographs."""
    photo = story.picture(result.part, result.rust.hours[scene.at(result)], view).origin
    kept = rooms.rust_photos().corrections(story.set_id)
    now = kept.get(key(photo), Correction())
    blocks.headed(
        "What counts as the part",
        "The bright line is the part's border. What is veiled does not count: background, shadows, holes, scale bars.",
        "Every share on this page is a share of what is not veiled.",
        "A correction holds for one photograph; move the time above for another one.",
    )
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.markdown(f"**{words.plain(photo.part)}**, {drawn.unit(result).at(photo.hours)}, view {words.plain(view)}")
        adds = _controls(story.set_id, photo, now)
        found = _part(photo, now)
        for remark in found.remarks:
            st.caption(words.plain(remark))
        if found.found:
            st.caption(f"The part covers {percent(found.mask.mean(), 0)} of the photograph.")
        if kept != story.corrections:
            st.info("The figures above are from before these corrections.", icon=":material/history:")
        if st.button("Analyse again", type="primary", icon=":material/restart_alt:", key="rust-mask-go",
                     disabled=kept == story.corrections):  # fmt: skip
            sending.analyse(story.set_id, story.settings)
    with left:
        picture = encode_jpeg(covered(_photograph(photo), part_layer(found.mask)))
        polygon = lasso.show(picture, alt=f"Outline of {photo.part}", adds=adds, key=f"lasso-{key(photo)}")
    if polygon is not None:
        _keep(story.set_id, photo, _with(now, adds, (*_regions(now, adds), polygon)))
        st.rerun()


def _controls(set_id: str, photo: Photo, now: Correction) -> bool:
    """Threshold, what circling does, and the ways back; whether circling adds."""
    shift_key = f"rust-shift-{key(photo)}"
    st.session_state.setdefault(shift_key, now.shift)
    st.slider(
        "Difference from the background", -MOST_SHIFT, MOST_SHIFT, step=1.0, key=shift_key,
        on_change=lambda: _keep(set_id, photo, replace(now, shift=st.session_state[shift_key])),
        help="Further right, only what differs more from the background is part.",
    )  # fmt: skip
    how = st.segmented_control("Circle a region in the picture to", [ADD, REMOVE], default=ADD, required=True,
                               key="rust-mask-mode")  # fmt: skip
    adds = how != REMOVE
    with st.container(horizontal=True):
        st.button(
            "Undo", icon=":material/undo:", key="rust-mask-undo", disabled=not _regions(now, adds),
            on_click=lambda: _keep(
                set_id, photo, _with(now, adds, _regions(now, adds)[:-1])
            ),
            help="Takes the last region of this kind back",
        )  # fmt: skip
        st.button(
            "As it was found", icon=":material/auto_fix_high:", key="rust-mask-reset", disabled=now == Correction(),
            on_click=lambda: _reset(set_id, photo),
        )  # fmt: skip
    return adds


def _regions(now: Correction, adds: bool) -> tuple[Polygon, ...]:
    return now.add if adds else now.remove


def _with(now: Correction, adds: bool, regions: tuple[Polygon, ...]) -> Correction:
    return replace(now, add=regions) if adds else replace(now, remove=regions)


def _keep(set_id: str, photo: Photo, correction: Correction) -> None:
    kept = rooms.rust_photos().corrections(set_id)
    if correction == Correction():
        kept.pop(key(photo), None)
    else:
        kept[key(photo)] = correction
    rooms.rust_photos().set_corrections(set_id, kept)


def _reset(set_id: str, photo: Photo) -> None:
    st.session_state.pop(f"rust-shift-{key(photo)}", None)
    _keep(set_id, photo, Correction())


@st.cache_resource(max_entries=8, show_spinner=False)
def _part(photo: Photo, correction: Correction) -> Part:
    return corrected_part(_photograph(photo), correction)


@st.cache_resource(max_entries=4, show_spinner=False)
def _photograph(photo: Photo) -> Rgb:
    return images.load_rgb(photo.path, fitted(*images.image_size(photo.path), SIDE))
