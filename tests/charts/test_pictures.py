from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.charts.overlays import encode_png
from core.charts.pictures import GAP, decoded, sheet, to_gif


def test_a_sheet_has_every_picture_in_its_place() -> None:
    pictures = [np.full((20, 30, 3), 10 * number, np.uint8) for number in range(5)]
    whole = sheet(pictures, 3)
    assert whole.shape == (2 * 20 + 3 * GAP, 3 * 30 + 4 * GAP, 3)
    fourth = whole[GAP + 20 + GAP : GAP + 20 + GAP + 20, GAP : GAP + 30]
    assert (fourth == 30).all()
    assert (whole[-GAP - 20 : -GAP, -GAP - 30 : -GAP] == 255).all()  # there is no sixth
    assert (decoded(encode_png(whole)) == whole).all()


def test_a_film_holds_its_last_picture_and_begins_anew() -> None:
    film = Image.open(io.BytesIO(to_gif([np.full((8, 8, 3), 90 * n, np.uint8) for n in range(3)], 0.1, 2.0)))
    times = []
    for frame in range(film.n_frames):  # type: ignore[attr-defined]
        film.seek(frame)
        times.append(film.info["duration"])
    assert times == [100, 100, 2000]
    assert film.info["loop"] == 0
