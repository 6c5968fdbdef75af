"""Small pictures for galleries: JPEG, cached by content and bounded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.charts.overlays import encode_jpeg
from core.datasets import images
from core.datasets.types import ImageItem
from core.errors import UserError
from core.ui import blocks, words

SIDE = 192  # pixels
Colour = tuple[int, int, int]  # red, green, blue
GROUNDS: dict[bool, Colour] = {False: (243, 246, 248), True: (26, 36, 44)}  # secondary background, light and dark


def thumbnail(item: ImageItem, side: int = SIDE) -> bytes:
    """The picture of an item, its longer side ``side`` pixels."""
    return _thumbnail(item.sha256, side, item.path)


def show(item: ImageItem, alt: str) -> None:
    """An item as a square tile of a gallery; a sign and the reason where its file cannot be read any more."""
    try:
        st.image(_square(item.sha256, SIDE, blocks.dark(), item.path), alt=alt, width="stretch")
    except UserError as error:
        st.markdown(":gray[:material/broken_image:]", help=words.plain(str(error)))


@st.cache_data(max_entries=4000, show_spinner=False)
def _thumbnail(sha256: str, side: int, _path: Path) -> bytes:
    return images.thumbnail(_path, side)


@st.cache_data(max_entries=4000, show_spinner=False)
def _square(sha256: str, side: int, dark: bool, _path: Path) -> bytes:
    return encode_jpeg(squared(_thumbnail(sha256, side, _path), side, GROUNDS[dark]))


def striped(thumb: bytes, side: int, rgb: Colour, ground: Colour) -> bytes:
    """A square tile of a thumbnail on ``ground`` with a stripe in the verdict's colour along its foot."""
    tile = squared(thumb, side, ground)
    tile[-max(4, side // 24) :] = rgb
    return encode_jpeg(tile)


def squared(thumb: bytes, side: int, ground: Colour) -> NDArray[np.uint8]:
    """A thumbnail in the middle of a square (side, side, 3) of ``ground``."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(thumb, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
    height, width = picture.shape[:2]
    tile = np.full((side, side, 3), ground, np.uint8)
    scale = side / max(height, width)
    small = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))))
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile
