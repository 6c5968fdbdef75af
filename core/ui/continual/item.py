"""One sample of the stream as it was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.charts import continualmemory as charts
from core.charts.overlays import encode_png
from core.ui import blocks, words
from core.ui.continual.shown import Shown

SIDE = 256  # pixels, at least, of a small picture


def show(told: Shown, sample: int) -> None:
    """What it is, and every view that there is of it. UserError for an id that is not in the stream."""
    found = _item(told.id, told.seed, sample, told)
    severity = "" if found.fault == told.run.info.faults[0] else f", severity {found.severity:.2f}"
    st.markdown(f"**Item {sample}** · {words.plain(found.task)} · {words.plain(found.fault)}{severity}")
    if "vibration" in found.raw:
        blocks.plot(charts.wave(found.raw["vibration"]), key="item-wave", alt=f"The signal of item {sample}")
    left, right = st.columns([2, 3])
    if "image" in found.raw:
        left.image(_png(found.raw["image"]), caption="Image", alt=f"The image of item {sample}", width=SIDE)
    if "log" in found.raw:
        with right:
            blocks.plot(charts.events(found.raw["log"]), key="item-log", alt=f"The events of item {sample}")


@st.cache_resource(max_entries=32, show_spinner="Fetching the item")
def _item(run_id: str, seed: int, sample: int, _told: Shown) -> Any:
    from core.continual.streams import item

    return item(_told.run.config, seed, sample)


def _png(image: Any) -> bytes:
    """Enlarged without smoothing where it is small: what was recorded, not what looks well."""
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    times = max(SIDE // max(pixels.shape[:2]), 1)
    return encode_png(np.repeat(np.repeat(pixels, times, axis=0), times, axis=1))
