"""What lies between two parts: the way from one code to the other, redrawn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.charts.pictures import decoded, to_gif
from core.datasets.types import ImageItem, ImageSet
from core.store.models import ModelRow
from core.ui import blocks, thumbs, words
from core.ui.inspect.exports import file_name
from core.ui.latent import space

STEPS = 21  # every 5 %
STRIP = 4  # every fourth of them in the film strip
FRAME_S = 0.12  # of the film
PER_PAGE = 12
ENDS = {"from": "First part", "to": "Second part"}  # name in the URL: title


def show(model: ModelRow, data: ImageSet) -> None:
    """Two photographs, the redrawn part between them, and the whole way as a strip."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Between two parts", anchor=False, width="content")
        blocks.chart_help(
            "Both photographs as codes, and parts redrawn at equal steps on the straight line between the codes.",
            "A good latent space changes smoothly and shows a possible part at every step. The ends show what the "
            "network makes of each photograph: a defect that disappears there is one that it will find.",
            "A straight line between codes is not the way that a real part would change.",
        )
    first, last = chosen(data)
    share = st.slider(
        "Position", 0, 100, 50, 100 // (STEPS - 1), format="%d %%", key="between", bind="query-params",
        help="0\u00a0% is the first part redrawn, 100\u00a0% the second.",
    )  # fmt: skip
    pictures = space.between(model, first, last, STEPS)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _end("from", first, data)
    with middle:
        st.markdown(f"**Redrawn at {share}\u00a0%**")
        st.image(
            pictures[round(share / 100 * (STEPS - 1))],
            alt=f"The part redrawn at {share}\u00a0% of the way from {first.name} to {last.name}",
            width="stretch",
        )
    with right:
        _end("to", last, data)
    st.download_button(
        "Film", lambda: _film(pictures), file_name(f"{first.name} to {last.name}", ".gif"), "image/gif",
        icon=":material/movie:", key="latent-film", on_click="ignore", help="Animated GIF of the way there and back.",
    )  # fmt: skip
    with st.grid(len(pictures[::STRIP]), min_column_width=90, gap="small"):
        for number, picture in enumerate(pictures[::STRIP]):
            at = number * STRIP * 100 // (STEPS - 1)
            with st.container(gap="xxsmall"):
                st.image(picture, alt=f"Redrawn at {at}\u00a0%", width="stretch")
                st.caption(f"{at}\u00a0%", text_alignment="center")


def _film(pictures: Sequence[bytes]) -> bytes:
    there = [decoded(picture) for picture in pictures]
    return to_gif([*there, *there[-2:0:-1]], FRAME_S, FRAME_S)


def chosen(data: ImageSet) -> tuple[ImageItem, ImageItem]:
    """The two parts of the URL; else a good one and a bad one, or the first and the last."""
    good = next((item for item in data.items if item.label != "bad"), data.items[0])
    bad = next((item for item in data.items if item.label == "bad"), data.items[-1])
    asked = [data.by_name.get(st.query_params.get(end, "")) for end in ENDS]
    return asked[0] or good, asked[1] or bad


def _end(end: str, item: ImageItem, data: ImageSet) -> None:
    st.markdown(f"**{ENDS[end]}**")
    st.image(thumbs.thumbnail(item, 448), alt=f"{ENDS[end]}: {item.name}", width="stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words.plain(item.name), width="stretch")
        if st.button("Choose another", icon=":material/photo_library:", key=f"choose-{end}"):
            _choose(end, data)


@st.dialog("Choose a part", width="large", icon=":material/photo_library:")
def _choose(end: str, data: ImageSet) -> None:
    """All parts by page; a click takes one and closes the dialog."""
    text = st.text_input("Name contains", key=f"find-{end}", icon=":material/search:", placeholder="Part of a name")
    found = [item for item in data.items if text.casefold() in item.name.casefold()]
    if not found:
        st.caption("No part has such a name.")
        return
    pages = -(-len(found) // PER_PAGE)
    page = min(st.pagination(pages, key=f"page-{end}"), pages) if pages > 1 else 1
    with st.grid(6, min_column_width=110, gap="small"):
        for item in found[(page - 1) * PER_PAGE : page * PER_PAGE]:
            with st.container(gap="xxsmall"):
                st.image(thumbs.thumbnail(item), alt=item.name, width="stretch")
                label = f"{item.defect or item.label or ''} {words.short(item.name, 14)}".strip()
                if st.button(
                    words.plain(label), key=f"{end}-{item.name}", help=words.plain(item.name), width="stretch"
                ):
                    st.query_params[end] = item.name
                    st.rerun()
