"""A memory bank that takes in new images: its budget, what gives way, what stays known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.datasets.types import ImageSet
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.extending import Growth, grown
from core.detectors.patchcore.info import PatchCoreParams
from core.detectors.patchcore.search import MemoryBank
from core.progress import Progress


def cloud(centre: float, n: int, seed: int) -> torch.Tensor:
    return centre + torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))


def bank(rows: torch.Tensor) -> MemoryBank:
    return MemoryBank(rows, torch.arange(len(rows)) // 50, cosine=False)


def grow(old: MemoryBank, *new: torch.Tensor, size: int, coreset: bool = True) -> tuple[MemoryBank, Growth]:
    images = [(rows, number, 1.0) for number, rows in enumerate(new)]
    return grown(old, 4, iter(images), len(images), size, coreset=coreset, seed=0, progress=Progress())


def test_with_room_left_nothing_is_lost() -> None:
    old, new = bank(cloud(0, 200, 0)), cloud(20, 100, 1)
    found, growth = grow(old, new, size=1000)
    assert growth == Growth(before=200, kept=200, added=100)
    assert torch.equal(found.rows[:200], old.rows)
    assert set(found.owners[200:].tolist()) == {4}
    assert set(map(tuple, new.half().tolist())) == set(map(tuple, found.rows[200:].tolist()))  # half on the way


@pytest.mark.parametrize("coreset", [True, False])
def test_the_budget_holds_and_both_sides_stay_known(coreset: bool) -> None:
    old, new = bank(cloud(0, 200, 0)), cloud(20, 200, 1)
    found, growth = grow(old, *new.split(50), size=200, coreset=coreset)
    assert len(found.rows) == growth.kept + growth.added == 200
    assert min(growth.kept, growth.added) > 50
    for centre in (0, 20):
        assert torch.cdist(cloud(centre, 50, 2), found.rows).amin(1).max() < 5


def test_images_like_the_old_ones_change_nothing_that_is_covered() -> None:
    old = bank(cloud(0, 400, 0))
    found, growth = grow(old, old.rows[::4].clone(), size=400)
    assert growth.kept >= 300  # of a row and its copy either may stay
    probe = cloud(0, 100, 5)
    assert torch.cdist(probe, found.rows).amin(1).mean() < 1.02 * torch.cdist(probe, old.rows).amin(1).mean()


def test_an_extended_detector_is_another_one_in_the_same_units(parts: ImageSet, tmp_path: Path) -> None:
    """Learned from half of the parts, it knows the other half better once they are added; both are kept apart."""
    good = parts.normals()
    half = good.where(lambda item: item.name <= good.items[11].name)
    rest = good.where(lambda item: item.name > good.items[11].name)
    parent = PatchCore(PatchCoreParams(image_size=64, bank_size=600))
    parent.fit(half, Progress())
    before = {one.name: one.score for one in parent.score(rest, Progress())}
    child, growth = parent.extended(rest, len(half), Progress())
    assert {one.name: one.score for one in parent.score(rest, Progress())} == before
    assert growth.added > 0
    assert growth.kept + growth.added <= 600
    after = {one.name: one.score for one in child.score(rest, Progress())}
    assert sum(after.values()) < sum(before.values())
    child.save(tmp_path)
    again = PatchCore.load(tmp_path, child.params, child.seed)
    assert {one.name: one.score for one in again.score(rest, Progress())} == after
