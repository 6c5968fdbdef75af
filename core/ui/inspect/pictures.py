"""Pictures of scored parts as JPEG, kept by run and content; heatmap colours are fixed by the model's calibration."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.charts import overlays
from core.datasets import images
from core.datasets.types import ImageItem
from core.store.runfolder import Run
from core.ui import thumbs
from core.ui.inspect.scored import Scored
from core.ui.verdicts import LOOKS, Verdict

SIDE = 840  # pixels of the longer side in the detail view
HIGHEST = 520  # pixels that a picture is high on the page, so that a whole part is seen at once
ERROR_GAIN = 3  # the difference of a reconstruction is shown this many times brighter, the same for every part

Image = NDArray[np.uint8]


def tile(scored: Scored, item: ImageItem, verdict: Verdict, *, heat: bool, dark: bool) -> bytes:
    """A square thumbnail with the verdict's stripe, with the heatmap or without, on the theme's ground."""
    return _tile(f"{scored.run_id}/{item.name}/{item.sha256}", verdict, heat, dark, scored, item)


@st.cache_data(max_entries=4000, show_spinner=False)
def _tile(key: str, verdict: Verdict, heat: bool, dark: bool, _scored: Scored, _item: ImageItem) -> bytes:
    thumb = (
        _heated(_scored.run_id, _item.name, _item.path, _item.category, _scored) if heat else thumbs.thumbnail(_item)
    )
    return thumbs.striped(thumb, thumbs.SIDE, LOOKS[verdict].rgb, thumbs.GROUNDS[dark])


@st.cache_data(max_entries=4000, show_spinner=False)
def _heated(run_id: str, name: str, _path: Path, _category: str, _scored: Scored) -> bytes:
    picture = cv2.imdecode(np.frombuffer(images.thumbnail(_path, thumbs.SIDE), np.uint8), cv2.IMREAD_COLOR_RGB)
    median, limit = _scored.colours(_category)
    drawn = overlays.overlay(np.asarray(picture, np.uint8), _scored.run.map(name), median=median, limit=limit)
    return overlays.encode_jpeg(drawn)


def plain(item: ImageItem, *, mask: bool = False) -> bytes:
    """The photograph at the size of the detail view, with the outline of its mask if asked for."""
    picture = photograph(item)
    marked = mask_of(item) if mask else None
    return overlays.encode_jpeg(picture if marked is None else overlays.outlines(picture, marked))


def heatmap(scored: Scored, item: ImageItem, *, opacity: float, outline: bool, mask: bool) -> Image:
    """The photograph under its heatmap, (h, w, 3) RGB."""
    median, limit = scored.colours(item.category)
    return overlays.overlay(
        photograph(item),
        _map(scored.run_id, item.name, scored.run),
        median=median,
        limit=limit,
        opacity=opacity,
        mask=mask_of(item) if mask else None,
        outline=outline,
    )


def reconstruction(scored: Scored, item: ImageItem) -> tuple[bytes, bytes] | None:
    """The reconstruction and what it differs by, or None from a detector that does not reconstruct."""
    rebuilt = scored.run.reconstruction(item.name)
    if rebuilt is None:
        return None
    height, width = rebuilt.shape[:2]
    original = images.load_rgb(item.path, (width, height))
    size = shown_size(item)
    error = cv2.convertScaleAbs(cv2.absdiff(original, rebuilt), alpha=ERROR_GAIN)
    return tuple(  # type: ignore[return-value]
        overlays.encode_jpeg(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8))
        for picture in (rebuilt, error)
    )


def photograph(item: ImageItem) -> Image:
    """(h, w, 3) RGB at the size of the detail view; small pictures are enlarged so that outlines stay fine."""
    return _photograph(item.sha256, shown_size(item), item.path)


def mask_of(item: ImageItem) -> NDArray[np.bool_] | None:
    return _mask(item.mask_sha256 or "", shown_size(item), item.mask) if item.mask else None


def shown_size(item: ImageItem) -> tuple[int, int]:
    """(width, height) in the detail view."""
    scale = SIDE / max(item.width, item.height)
    return max(1, round(item.width * scale)), max(1, round(item.height * scale))


def shown_width(item: ImageItem) -> int:
    """Pixels at which a picture is shown; a narrower column makes it smaller still."""
    return max(1, round(min(SIDE, HIGHEST / item.height * item.width)))


@st.cache_resource(max_entries=24, show_spinner=False)
def _photograph(sha256: str, size: tuple[int, int], _path: Path) -> Image:
    return images.load_rgb(_path, size)


@st.cache_resource(max_entries=24, show_spinner=False)
def _mask(sha256: str, size: tuple[int, int], _path: Path) -> NDArray[np.bool_]:
    return images.load_mask(_path, size)


@st.cache_resource(max_entries=64, show_spinner=False)
def _map(run_id: str, name: str, _run: Run) -> NDArray[np.float32]:
    return _run.map(name)
