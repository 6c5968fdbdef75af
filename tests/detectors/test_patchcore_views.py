"""Tiles, regions and sizes: which patches are seen, and where they lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.datasets.types import ImageItem, ImageSet
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams
from core.detectors.patchcore.views import HALO, STEP, Piece, Region, Views, _cuts, chosen_size
from core.detectors.registry import build, implementation, info, parameters
from core.errors import UserError
from core.features.patches import PatchExtractor
from core.progress import Progress


@given(size=st.integers(2, 32).map(lambda n: 32 * n), extra=st.integers(0, 300).map(lambda n: 16 * n))
def test_tiles_answer_for_every_pixel_once_and_keep_their_halo(size: int, extra: int) -> None:
    length = size + extra
    cuts = _cuts(length, size)
    answered = [pixel for cut in cuts for pixel in range(cut.first, cut.stop)]
    assert answered == list(range(length))
    halo = max(size // HALO // STEP, 1) * STEP
    for cut in cuts:
        assert 0 <= cut.start <= length - size
        assert cut.start % STEP == 0
        assert cut.first - cut.start >= (halo if cut.start else 0)
        assert cut.start + size - cut.stop >= (halo if cut.stop < length else 0)


def photograph(folder: Path, width: int, height: int, seed: int = 0, stain: tuple[int, int] | None = None) -> ImageItem:
    """Fine-grained noise; ``stain`` is the centre (x, y) of a black disc of 12 pixels."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 165, (height // 4, width // 4, 3)).astype(np.uint8)
    pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    if stain:
        cv2.circle(pixels, stain, 12, (0, 0, 0), -1)
    path = folder / f"{seed}.png"
    cv2.imwrite(str(path), pixels)
    return ImageItem(path.name, path, "train", "noise", "good", None, width, height, str(seed))


def noise(folder: Path, count: int, width: int, height: int) -> ImageSet:
    return ImageSet("noise", folder, "test", tuple(photograph(folder, width, height, n) for n in range(count)))


def _first(_: Piece, patches: Tensor) -> Tensor:
    """The patches (h, w, d) of a piece's only picture."""
    return patches[0]


def test_tiles_see_what_the_whole_picture_shows(tmp_path: Path) -> None:
    """A patch in the middle of a tile is the patch of the whole picture, up to what lies far from it."""
    item = photograph(tmp_path, 448, 448)
    tiled = Views(PatchExtractor("compact", 256), Region(), 256)
    ((_, whole),) = Views(PatchExtractor("compact", 448), Region(), 0).pieces([item], _first)
    seen = np.zeros((56, 56), int)
    pieces = []
    for piece, patches in tiled.pieces([item], _first):
        pieces.append(piece)
        seen[piece.place] += 1
        difference = (patches - whole[piece.place]).norm(dim=2) / whole[piece.place].norm(dim=2)
        assert difference.mean() < 0.1
    assert (seen == 1).all()
    assert [piece.last for piece in pieces] == [False, False, False, True]


def test_a_stain_in_a_large_picture_is_found_where_it_is(tmp_path: Path) -> None:
    good = noise(tmp_path, 3, 640, 400)
    detector = PatchCore(PatchCoreParams(image_size=128, tile=128, bank_size=2000, dimensions=64))
    detector.fit(good, Progress())
    spoilt = photograph(tmp_path, 640, 400, 9, stain=(500, 120))
    ordinary = photograph(tmp_path, 640, 400, 10)
    found, other = detector.score(replace(good, items=(spoilt, ordinary)), Progress())
    assert found.score > other.score + 2
    assert found.map.shape == (400, 640)
    row, column = np.unravel_index(found.map.argmax(), found.map.shape)
    assert np.hypot(row - 120, column - 500) < 20


@pytest.mark.parametrize("tile", [0, 128])
def test_outside_the_region_nothing_is_judged(tmp_path: Path, tile: int) -> None:
    good = noise(tmp_path, 3, 320, 320)
    params = PatchCoreParams(image_size=128, tile=tile, bank_size=500, dimensions=32, left=0.5, bottom=0.5)
    detector = PatchCore(params)
    detector.fit(good, Progress())
    inside = replace(photograph(tmp_path, 320, 320, 21, stain=(250, 60)), sha256="a")
    outside = replace(photograph(tmp_path, 320, 320, 22, stain=(60, 250)), sha256="b")
    found, blind = detector.score(replace(good, items=(inside, outside)), Progress())
    assert found.score > blind.score + 2
    assert blind.map.shape[0] == blind.map.shape[1]
    half = blind.map.shape[0] // 2
    assert (blind.map[half + 1 :] == 0).all()
    assert (blind.map[:, : half - 1] == 0).all()
    row, column = np.array(np.unravel_index(found.map.argmax(), found.map.shape)) * 320 / len(found.map)
    assert np.hypot(row - 60, column - 250) < 25


def test_the_size_follows_the_training_images(tmp_path: Path) -> None:
    item = photograph(tmp_path, 64, 64)
    small, large = replace(item, width=300, height=200), replace(item, width=1024, height=1024)
    assert chosen_size([small] * 3, Region(), 0) == 256
    assert chosen_size([small, large, large], Region(), 0) == 512
    assert chosen_size([large], Region(right=0.5, bottom=0.4), 0) == 384
    assert chosen_size([large], Region(right=0.25, bottom=0.25), 0) == 256
    assert [chosen_size([large], Region(), tile) for tile in (500, 4096)] == [512, 1024]


def test_the_size_that_was_chosen_is_kept(tmp_path: Path) -> None:
    good = noise(tmp_path, 2, 400, 400)
    params = parameters("patchcore", {"bank_size": 100, "dimensions": 16})
    detector = build("patchcore", params)
    detector.fit(good, Progress())
    assert detector.provenance()["image_size"] == 384
    detector.save(tmp_path)
    loaded = implementation(info("patchcore")).load(tmp_path, params, 0)
    scores = [[one.score for one in each.score(good, Progress())] for each in (detector, loaded)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(("region", "tile"), [(Region(), 0), (Region(), 64), (Region(right=0.5), 0)])
def test_no_pictures_have_no_patches(region: Region, tile: int) -> None:
    assert list(Views(PatchExtractor("compact", 64), region, tile).pieces([], _first)) == []


@pytest.mark.parametrize(
    "values",
    [
        {"image_size": 32},
        {"bank_size": 49},
        {"tile": 20},
        {"image_size": 512, "tile": 200},
        {"left": 0.5, "right": 0.5},
        {"top": 0.4, "bottom": 0.2},
    ],
)
def test_impossible_sizes_and_regions_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(UserError, match=f"«{list(values)[-1]}»"):
        parameters("patchcore", values)
