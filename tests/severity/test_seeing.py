"""From files to measurements, and from one photograph onto another."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import Cancelled
from core.progress import Progress
from core.severity.correction import Correction, key
from core.severity.photos import read_photos
from core.severity.register import register
from core.severity.seeing import SeeingSettings, looks, measure, see
from core.severity.types import Photo
from tests.severity.scenes import RADIUS, disc, save, scene, view

COLOUR = SeeingSettings(("colour",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for hours, radius in ((0, 0), (24, 20), (48, 50)):
        save(scene(rust=disc(radius) if radius else None, seed=hours), tmp_path / f"disc-T{hours}.png")
    return tmp_path


def test_a_rusting_part_is_followed(folder: Path) -> None:
    seen: list[float] = []
    found = measure(read_photos(folder), COLOUR, progress=Progress(lambda share, stage, figures: seen.append(share)))
    assert [one.photo.hours for one in found] == [0, 24, 48]
    truth = [(radius / RADIUS) ** 2 for radius in (0, 20, 50)]
    assert [one.value for one in found] == pytest.approx(truth, abs=0.02)
    assert all(one.heat is None and one.mask is None for one in found)
    assert seen == sorted(seen) and seen[-1] == 1


def test_looks_come_with_pictures_and_repeat_exactly(folder: Path) -> None:
    settings = SeeingSettings(("colour", "zinc", "texture"), side=240)
    one, other = (list(looks(read_photos(folder), settings)) for _ in range(2))
    assert one[0].view.rgb.shape == (180, 240, 3) and one[0].registration is None
    assert one[1].registration is not None
    for look, again in zip(one, other, strict=True):
        for measurement, repeated in zip(look.measurements, again.measurements, strict=True):
            assert measurement.heat is not None and measurement.heat.shape == (180, 240)
            assert measurement.value == repeated.value


def test_a_correction_changes_the_share(folder: Path) -> None:
    photos = read_photos(folder)
    right = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
    kept = {key(photo): Correction(remove=(right,)) for photo in photos.items}
    (whole, half) = (next(looks(photos, COLOUR, chosen)).view.part.mask.sum() for chosen in ({}, kept))
    assert half == pytest.approx(whole / 2, rel=0.05)


def test_a_picture_without_a_part_says_nothing(folder: Path) -> None:
    save(np.full((240, 320, 3), 220, np.uint8), folder / "disc-T72.png")
    *_, last = looks(read_photos(folder), COLOUR)
    assert np.isnan(last.measurements[0].value) and "No part" in last.remarks[0]


def test_it_can_be_cancelled(folder: Path) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measure(read_photos(folder), COLOUR, progress=Progress(checkpoint=stop))


def test_a_turned_photograph_is_laid_over_the_first() -> None:
    rng = np.random.default_rng(3)
    picture = scene()
    for _ in range(60):  # marks to recognise the part by
        x, y = rng.uniform(110, 210), rng.uniform(70, 170)
        cv2.circle(picture, (int(x), int(y)), int(rng.integers(2, 6)), (int(rng.integers(40, 200)),) * 3, -1)
    movement = cv2.getRotationMatrix2D((160, 120), 12, 1.05)
    moved = cv2.warpAffine(picture, movement, (320, 240), borderValue=(225, 225, 225))
    found = register(view(moved, 24), view(picture))
    assert found.registered and found.matrix is not None
    point = np.array([190.0, 100.0])
    there = movement[:, :2] @ point + movement[:, 2]
    assert found.matrix[:, :2] @ there + found.matrix[:, 2] == pytest.approx(point, abs=1.5)


def test_another_part_is_not_registered() -> None:
    empty = view(np.full((240, 320, 3), 220, np.uint8))
    assert "no part was found" in register(empty, view(scene())).sentence
    other = register(view(scene(seed=5), 24), view(scene()))
    assert not other.registered and other.sentence.startswith("Not aligned with the first photograph")


def test_real_parts(shared_datasets: Path) -> None:
    """One view of the bolt that rusts, and of the nuts that do not; a purple cast among them."""
    root = shared_datasets / "rust_fasteners"
    from core.severity.measures.colour import Colour

    def shares(part: str, times: tuple[int, ...]) -> list[float]:
        views = [see(Photo(part, t, "main", root / f"{part}-T{t}.jpg"), 960) for t in times]
        colour = Colour()
        colour.fit(views[:1])
        return [colour.read(one).value for one in views]

    bolt = shares("Bolt Allen Black", (0, 48))
    assert bolt[0] < 0.005 and bolt[1] > 0.05
    assert max(shares("Nut Insert Black", (0, 48))) < 0.005
    assert max(shares("Nut Silver", (0, 24))) < 0.01
