"""The synthetic parts: repeatable, and wrong exactly where the mask says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.checks import summary
from core.datasets.readers import read
from core.datasets.samples import SAMPLES
from core.datasets.synthetic.parts import KINDS, render, write_parts
from core.errors import Cancelled, UserError
from core.progress import Progress


def digest(folder: Path) -> str:
    lines = [f"{p.relative_to(folder)} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in folder.rglob("*.*g")]
    return "\n".join(sorted(lines))


def test_the_written_set_reads_back_as_mvtec(tmp_path: Path) -> None:
    seen: list[float] = []
    progress = Progress(lambda fraction, stage, metrics: seen.append(fraction))
    write_parts(tmp_path / "parts", train=4, test_good=2, per_defect=2, size=128, progress=progress)
    data = read(tmp_path / "parts")
    assert (data.format, len(data), data.rejected, data.notes) == ("mvtec", 4 + 2 + 2 * len(KINDS), (), ())
    assert len(data.normals()) == 4 and sum(item.mask is not None for item in data.items) == 2 * len(KINDS)
    assert {item.defect for item in data.items} - {None} == set(KINDS)
    found = summary(data)
    assert (found.duplicates, found.masks_missing, found.sizes) == ([], [], [((128, 128), len(data))])
    assert seen[-1] == 1 and [path.name for path in tmp_path.iterdir()] == ["parts"]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_parts(tmp_path / name, seed=seed, train=2, test_good=1, per_defect=1, size=96)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strength", [0.05, 0.5, 0.95])
def test_the_mask_holds_all_that_changed_and_changed_it_has(kind: str, strength: float) -> None:
    for seed in range(4):
        sound, spoilt = render((seed,)), render((seed,), kind=kind, strength=strength)
        assert sound.mask is None and spoilt.mask is not None
        assert 10 < spoilt.mask.sum() < 0.1 * spoilt.mask.size
        change = np.abs(spoilt.image.astype(int) - sound.image).max(axis=2)
        assert change[spoilt.mask].max() >= 6, "the flaw cannot be seen"
        blur = cv2.dilate(spoilt.mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0  # the lens blurs edges
        assert np.percentile(change[~blur], 99.9) <= 12 and change[~blur].mean() < 1


def test_good_parts_differ_but_resemble_each_other() -> None:
    first, second = render((0,)).image.astype(float), render((1,)).image.astype(float)
    assert 1 < np.abs(first - second).mean() < 30
    assert 40 < first.mean() < 200


@pytest.mark.parametrize("size", [96, 128, 333, 512])
def test_any_size(size: int) -> None:
    part = render((0,), size=size, kind="crack")
    assert part.image.shape == (size, size, 3) and part.mask is not None and part.mask.shape == (size, size)


def test_an_occupied_folder_is_refused_and_a_tiny_size_too(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UserError, match="not empty"):
        write_parts(tmp_path)
    with pytest.raises(UserError, match="too small"):
        write_parts(tmp_path / "new", size=20)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_parts(tmp_path / "parts", progress=Progress(checkpoint=cancel))
    assert not list(tmp_path.iterdir())


def test_samples_are_named_as_they_are_registered() -> None:
    assert {name: sample.name for name, sample in SAMPLES.items()} == {name: name for name in SAMPLES}
    assert SAMPLES["parts"].modality == "image"
