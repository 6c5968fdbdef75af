"""Parts that were never photographed."""

from __future__ import annotations

import streamlit as st

from core.charts.overlays import encode_png
from core.charts.pictures import decoded, sheet
from core.store.models import ModelRow
from core.ui import blocks
from core.ui.latent import space

N, COLUMNS = 12, 6
SEED = "sample-seed"


def show(model: ModelRow) -> None:
    """Twelve drawn parts, how far from the average they may lie, and a way to draw others."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Parts that were never photographed", anchor=False, width="content")
        blocks.chart_help(
            "Parts that the network draws from random codes, spread like the codes of the training images.",
            "They should look like good parts and vary as good parts do. What is missing here, the network cannot "
            "redraw: it will mark it as anomalous. Temperature 0 is the average part.",
            "A VAE draws soft pictures: fine texture that is missing here is marked in no part either.",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = st.slider(
            "Temperature", 0.0, 2.0, 1.0, 0.1, key="temperature", bind="query-params", width=320,
            help="How far from the average part; 1 is the spread of the training images.",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, 1, key=SEED, bind="query-params", width=150)
        st.button("Draw others", icon=":material/casino:", key="draw-others", on_click=_next)
    pictures = space.samples(model, N, temperature, seed)
    with st.grid(COLUMNS, min_column_width=130, gap="small"):
        for number, picture in enumerate(pictures, start=1):
            st.image(picture, alt=f"Drawn part {number} of {N} at temperature {temperature:g}", width="stretch")
    st.download_button(
        "Sheet", lambda: encode_png(sheet([decoded(picture) for picture in pictures], COLUMNS)),
        f"drawn parts {seed}.png", "image/png",
        icon=":material/image:", key="latent-sheet", on_click="ignore", help="All twelve as one PNG.",
    )  # fmt: skip


def _next() -> None:
    st.session_state[SEED] += 1
