"""Small pictures for galleries: JPEG, cached by content and bounded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import streamlit as st

from core.charts.overlays import encode_jpeg
from core.datasets import images
from core.datasets.types import ImageItem
from core.errors import UserError

SIDE = 192  # pixels
Colour = tuple[int, int, int]  # red, green, blue


def thumbnail(item: ImageItem, side: int = SIDE) -> bytes:
    """The picture of an item, its longer side ``side`` pixels."""
    return _thumbnail(item.sha256, side, item.path)


def show(item: ImageItem, alt: str) -> None:
    """The picture of an item in a gallery; a sign and the reason where its file cannot be read any more."""
    try:
        st.image(thumbnail(item), alt=alt, width="stretch")
    except UserError as error:
        st.markdown(":gray[:material/broken_image:]", help=str(error))


@st.cache_data(max_entries=4000, show_spinner=False)
def _thumbnail(sha256: str, side: int, _path: Path) -> bytes:
    return images.thumbnail(_path, side)


def striped(thumb: bytes, side: int, rgb: Colour, ground: Colour) -> bytes:
    """A square tile of a thumbnail on ``ground`` with a stripe in the verdict's colour along its foot."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(thumb, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
    height, width = picture.shape[:2]
    tile = np.full((side, side, 3), ground, np.uint8)
    scale = side / max(height, width)
    small = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))))
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    tile[-max(4, side // 24) :] = rgb
    return encode_jpeg(tile)
