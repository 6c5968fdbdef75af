"""A story as PNG and GIF."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.charts import rustmovie
from core.charts.overlays import encode_png
from core.charts.pictures import to_gif
from core.errors import UserError


def scenes(n: int, shape: tuple[int, int] = (90, 120)) -> list[rustmovie.Scene]:
    return [rustmovie.Scene(np.full((*shape, 3), 40 * k, np.uint8), f"day {k}", f"Ri {k}", 0.05 * k) for k in range(n)]


def test_a_film_has_a_frame_for_each_time_and_repeats() -> None:
    film = Image.open(
        io.BytesIO(to_gif(rustmovie.frames("bolt", scenes(4), 0.08), rustmovie.SECONDS, rustmovie.HOLD_S))
    )
    assert film.n_frames == 4  # type: ignore[attr-defined]
    assert film.info["loop"] == 0
    assert film.size == (rustmovie.WIDTH, rustmovie.WIDTH * 90 // 120 + rustmovie.BAND)


def test_a_space_that_does_not_break_is_a_space() -> None:
    one, other = (
        rustmovie.frames("bolt", [replace(scenes(1)[0], told=f"95{space}% interval")], 0.08)[0]
        for space in (" ", "\u00a0")
    )
    assert (one == other).all()


def test_photographs_of_other_shapes_share_one_frame() -> None:
    mixed = [scenes(1)[0], scenes(1, (200, 100))[0]]
    assert len({frame.shape for frame in rustmovie.frames("bolt", mixed, 0.08)}) == 1


def test_the_curve_grows_from_frame_to_frame() -> None:
    blue = [int((frame == (0, 114, 178)).all(axis=2).sum()) for frame in rustmovie.frames("bolt", scenes(4), limit=0.9)]
    assert blue == sorted(blue)
    assert blue[0] < blue[-1]


def test_a_picture_is_the_frame_without_loss() -> None:
    frame = rustmovie.frames("bolt", scenes(1), 0.08)[0]
    assert (np.asarray(Image.open(io.BytesIO(encode_png(frame)))) == frame).all()


def test_no_photograph_no_film() -> None:
    with pytest.raises(UserError, match="no photograph"):
        rustmovie.frames("bolt", [], 0.08)
