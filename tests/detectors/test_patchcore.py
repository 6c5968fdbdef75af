"""PatchCore's parts against literal versions of what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from core.datasets.images import load_rgb
from core.datasets.types import ImageItem, ImageSet
from core.detectors.patchcore import bank as bank_module
from core.detectors.patchcore import coreset
from core.detectors.patchcore import detector as detector_module
from core.detectors.patchcore import info as info_module
from core.detectors.patchcore import search as search_module
from core.detectors.patchcore.bank import BankBuilder, CoresetSampler, RandomSampler
from core.detectors.patchcore.coreset import greedy_k_centre, thin_each
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams, chosen_bank_size
from core.detectors.patchcore.search import MemoryBank, _Shortlist
from core.detectors.patchcore.views import Piece
from core.detectors.state import save_tensors
from core.detectors.suspects import leave_one_out, suspicious
from core.errors import UserError
from core.progress import Progress


def literal_k_centre(rows: Tensor, count: int) -> list[int]:
    """The textbook loop: one pick, one pass over all distances."""
    chosen = [int((rows - rows.mean(0)).square().sum(1).argmin())]
    nearest = (rows - rows[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        chosen.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (rows - rows[chosen[-1]]).square().sum(1))
    return chosen


def radius(rows: Tensor, chosen: Tensor) -> float:
    """The largest distance of a row to its nearest centre: what k-centre selection minimises."""
    return float(torch.cdist(rows, rows[chosen]).amin(1).max())


def test_coreset_covers_as_well_as_the_textbook_loop() -> None:
    rows = torch.randn(3000, 8, generator=torch.Generator().manual_seed(0))
    chosen = greedy_k_centre(rows, 300)
    assert len(set(chosen.tolist())) == 300
    textbook = radius(rows, torch.tensor(literal_k_centre(rows, 300)))
    assert radius(rows, chosen) <= 1.15 * textbook
    random = radius(rows, torch.randperm(3000, generator=torch.Generator().manual_seed(1))[:300])
    assert radius(rows, chosen) < random


def test_coreset_reaches_every_rare_cluster() -> None:
    """Nine tight clusters, the rarest with 1 row of 2,000: ten centres reach all of them."""
    generator = torch.Generator().manual_seed(0)
    sizes = [1000, 500, 250, 120, 64, 32, 20, 13, 1]
    centres = 100 * torch.randn(len(sizes), 16, generator=generator)
    owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    rows = centres[owner] + 0.01 * torch.randn(len(owner), 16, generator=generator)
    assert set(owner[greedy_k_centre(rows, 10)].tolist()) == set(range(len(sizes)))


@pytest.mark.parametrize("fast", [False, True])
def test_thinning_many_images_at_once_is_the_textbook_loop_in_each(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the pick in float32; in bfloat16 with a cover as tight."""
    monkeypatch.setattr(coreset, "product_precision", lambda: torch.bfloat16 if fast else torch.float32)
    rows = torch.randn(3, 200, 8, generator=torch.Generator().manual_seed(0))
    thinned = thin_each(rows, 50)
    textbook = [literal_k_centre(image, 50) for image in rows]
    if fast:
        for image, ours, theirs in zip(rows, thinned, textbook, strict=True):
            assert len(set(ours.tolist())) == 50 and ours[0] == theirs[0]
            assert radius(image, ours) <= 1.02 * radius(image, torch.tensor(theirs))
    else:
        assert thinned.tolist() == textbook
    assert thin_each(rows, 300).tolist() == [list(range(200))] * 3
    assert all(len(set(image)) == 20 for image in thin_each(torch.zeros(2, 50, 4), 20).tolist())


def test_coreset_of_duplicates_and_of_more_than_there_are() -> None:
    rows = torch.zeros(50, 4)
    assert len(set(greedy_k_centre(rows, 20).tolist())) == 20
    assert greedy_k_centre(rows, 80).tolist() == list(range(50))


@pytest.mark.parametrize("neighbours", [1, 4])
def test_distance_is_the_literal_one(neighbours: int) -> None:
    generator = torch.Generator().manual_seed(0)
    rows, queries = torch.randn(500, 12, generator=generator), torch.randn(700, 12, generator=generator)
    owners = torch.arange(500) % 5
    bank = MemoryBank(rows, owners, cosine=False)
    everything = torch.cdist(queries, rows)
    expected = everything.topk(neighbours, 1, largest=False).values.mean(1)
    found = bank.distance(queries, neighbours)
    tolerance = 0.01 if neighbours == 1 else 1e-4  # one neighbour may be found by bfloat16 products
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    assert ((found / expected - 1).abs() < 1e-4).float().mean() > 0.95  # and then it nearly always is the nearest
    others = everything[:, owners != 2].topk(neighbours, 1, largest=False).values.mean(1)
    torch.testing.assert_close(bank.distance(queries, neighbours, without=2), others, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("m", "away"), [(3, 0.0), (100, 0.0), (500, 0.0), (500, 50.0)])
def test_the_shortlist_finds_the_nearest_row_or_one_as_near(m: int, away: float) -> None:
    """Also where all rows lie far away from 0, as features after a ReLU do."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(m, 24, generator=generator) * torch.linspace(3, 0.1, 24) + away
    queries = torch.cat([rows, rows[:50] + 0.05 * torch.randn(min(50, m), 24, generator=generator)])
    queries = torch.cat([queries, torch.randn(200, 24, generator=generator) + away])
    found = _Shortlist(rows).nearest(queries).sqrt()
    nearest = torch.cdist(queries, rows, compute_mode="donot_use_mm_for_euclid_dist").amin(1)
    # It is the distance to a row, so never below the nearest; above it by what bfloat16 cannot tell apart.
    torch.testing.assert_close(found, nearest, rtol=0.005, atol=0.01)
    assert (found >= nearest - 0.01).all()
    strangers = slice(-200, None)
    assert ((found / nearest)[strangers] < 1.0001).float().mean() > 0.9


@pytest.mark.parametrize("m", [40, 500])
def test_the_shortlist_passes_over_what_is_left_out(m: int) -> None:
    """Also where the nearest rows by far, or nearly all rows, are left out."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(m, 24, generator=generator)
    left_out = torch.arange(m) >= 3
    found = _Shortlist(rows).nearest(rows, left_out).sqrt()
    torch.testing.assert_close(found, torch.cdist(rows, rows[:3]).amin(1), rtol=0.01, atol=0.01)


def test_cosine_distance_is_one_minus_cosine() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(100, 6, generator=generator), dim=1)
    bank = MemoryBank(rows, torch.zeros(100, dtype=torch.long), cosine=True)
    queries = torch.nn.functional.normalize(torch.randn(20, 6, generator=generator), dim=1)
    torch.testing.assert_close(bank.distance(queries, 1), 1 - (queries @ rows.T).amax(1), rtol=1e-4, atol=1e-5)


def test_the_stream_is_reduced_when_it_outgrows_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_module, "MOST_CANDIDATES", 1000)
    builder = BankBuilder(CoresetSampler(8, seed=0), bank_size=100)
    generator = torch.Generator().manual_seed(0)
    most = 0
    for image in range(40):
        builder.add(torch.randn(1, 300, 8, generator=generator), torch.tensor([image]))
        most = max(most, builder._held)
    rows, owners = builder.finish(Progress())
    assert rows.shape == (100, 8)
    assert len(owners) == 100
    assert most <= 1000 + bank_module.PER_IMAGE


@pytest.mark.parametrize("sampling", ["coreset", "random"])
def test_a_bank_whose_size_nobody_gave_grows_with_the_images(
    sampling: Literal["coreset", "random"], parts: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ROWS_AN_IMAGE", 5), ("FEWEST_ROWS", 20), ("MOST_ROWS", 50)):
        monkeypatch.setattr(info_module, name, value)
    good = parts.normals()

    def fitted(items: Sequence[ImageItem]) -> PatchCore:
        detector = PatchCore(PatchCoreParams(image_size=64, sampling=sampling))
        detector.fit(replace(good, items=tuple(items)), Progress())
        return detector

    eight = fitted(good.items[:8])
    assert [_rows(fitted(good.items[:3])), _rows(eight), _rows(fitted(good.items[:12]))] == [20, 40, 50]
    assert _rows(eight.extended(replace(good, items=good.items[8:12]), 8, Progress())[0]) == 50
    assert _rows(eight.extended(replace(good, items=good.items[8:9]), 2, Progress())[0]) == 40  # it never shrinks
    copies = [replace(item, name=f"copy of {item.name}") for item in good.items[:8]]
    assert _rows(fitted([*good.items[:8], *copies])) == 40


def _rows(detector: PatchCore) -> int:
    return int(detector.provenance()["bank_rows"])


def test_the_size_of_a_bank_by_its_images() -> None:
    assert [chosen_bank_size(n) for n in (2, 300, 301, 800, 801)] == [12_000, 12_000, 12_040, 32_000, 32_000]


@pytest.mark.parametrize(("sampler", "kept"), [(CoresetSampler(4, 0), 50), (RandomSampler(20, 50, 0), 100)])
def test_what_stays_where_a_stream_is_reduced(
    sampler: CoresetSampler | RandomSampler, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank_module, "MOST_CANDIDATES", 150)
    builder, asked, choose = BankBuilder(sampler, 50), [], sampler.choose
    monkeypatch.setattr(sampler, "choose", lambda rows, count, *rest: asked.append(count) or choose(rows, count, *rest))
    for owner in range(4):
        builder.take(torch.randn(1, 40, 4, generator=torch.Generator().manual_seed(owner)), torch.tensor([owner]))
    assert asked[0] == kept
    assert len(builder.finish(Progress())[0]) == 50


@pytest.mark.parametrize("m", [40, 20_000])
def test_nothing_is_near_where_all_is_left_out(m: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one block of rows is wholly left out, and the nearest is in another."""
    monkeypatch.setattr(search_module, "has_fast_bfloat16", lambda: True)
    rows = torch.randn(m, 6, generator=torch.Generator().manual_seed(0))
    queries = rows[:30] + 0.01
    assert MemoryBank(rows, torch.zeros(m), cosine=False).distance(queries, 1, without=0).isinf().all()
    bank = MemoryBank(rows, (torch.arange(m) >= m // 2).long(), cosine=False)
    literal = torch.cdist(queries.double(), rows[m // 2 :].double()).amin(1)
    found = bank.distance(queries, 1, without=0)
    assert (found >= literal - 1e-4).all() and (found <= 1.02 * literal + 0.02).all()


def test_a_random_bank_takes_from_every_image_alike() -> None:
    builder = BankBuilder(RandomSampler(images=10, bank_size=2000, seed=0), bank_size=2000)
    for image in range(10):
        builder.add(torch.full((1, 1000, 2), float(image)), torch.tensor([image]))
    _, owners = builder.finish(Progress())
    counts = torch.bincount(owners, minlength=10)
    assert counts.sum() == 2000
    assert (counts > 150).all()


def test_a_random_bank_looks_elsewhere_in_each_image_of_one_background() -> None:
    images = torch.rand(2, 1000, 16, generator=torch.Generator().manual_seed(0))
    images[:, :300] = 0.5
    sampler = RandomSampler(images=2, bank_size=100, seed=0)
    first, second = sampler.thin(images, 1.0, [7, 8])
    assert len(set(first.tolist()) & set(second.tolist())) < 40
    assert torch.equal(sampler.thin(images.flip(0), 1.0, [8, 7])[0], second)
    # Features differ in their last digits between machines and numbers of threads: what is drawn does not.
    assert torch.equal(sampler.thin(images + 1e-6, 1.0, [7, 8])[0], first)


def test_a_random_bank_takes_from_every_tile_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten pictures of 40 tiles: were each tile taken for a picture, the last pictures would crowd out the first."""
    monkeypatch.setattr(bank_module, "MOST_CANDIDATES", 1000)
    builder = BankBuilder(RandomSampler(images=10, bank_size=1000, seed=0), bank_size=1000)
    for image in range(10):
        for _ in range(40):
            builder.add(torch.full((1, 100, 2), float(image)), torch.tensor([image]), 1 / 40)
    _, owners = builder.finish(Progress())
    counts = torch.bincount(owners, minlength=10)
    assert counts.sum() == 1000
    assert (counts > 60).all() and (counts < 140).all()


def test_fewer_rows_than_neighbours_are_averaged_over_those_there_are() -> None:
    rows = torch.tensor([[0.0], [1.0], [5.0]])
    bank = MemoryBank(rows, torch.tensor([0, 0, 1]), cosine=False)
    assert bank.distance(torch.zeros(1, 1), 3, without=1).tolist() == pytest.approx([0.5], abs=1e-3)
    assert bank.distance(torch.zeros(1, 1), 3, without=0).tolist() == pytest.approx([5.0])


@pytest.mark.parametrize(
    ("name", "value"), [("size", torch.tensor([2**30])), ("bank", torch.zeros(9, 3)), ("standard", torch.zeros(3))]
)
def test_tensors_that_do_not_fit_are_refused(tmp_path: Path, name: str, value: Tensor) -> None:
    params = PatchCoreParams(bank_size=50)
    save_tensors(
        tmp_path,
        {
            "bank": torch.zeros(9, 192), "owners": torch.zeros(9), "standard": torch.ones(2),
            "size": torch.tensor([64]), "components": torch.zeros(384, 192), "centre": torch.zeros(384), name: value,
        },
    )  # fmt: skip
    with pytest.raises(UserError, match=f"«{name}» does not fit"):
        PatchCore.load(tmp_path, params, 0)


def test_mu_and_sigma_come_from_other_images(parts: ImageSet) -> None:
    """A bank scored against itself has distances near 0; the calibrated mean is that of images it does not hold."""
    detector = PatchCore(PatchCoreParams(image_size=96, bank_size=10_000, smoothing=0.0))
    detector.fit(parts.normals(), Progress())
    maps = [score.map.mean() for score in detector.score(parts.test().where(lambda i: i.label == "good"), Progress())]
    assert abs(sum(maps) / len(maps)) < 0.5  # z of unseen good parts is centred
    own = [score.map.mean() for score in detector.score(parts.normals(), Progress())]
    assert sum(own) / len(own) < -1


def test_a_stranger_among_the_good_is_suspected(parts: ImageSet, tmp_path: Path) -> None:
    """The negative of a good photograph, smuggled into the training folder."""
    normals = parts.normals()
    negative = 255 - load_rgb(normals.items[0].path)
    cv2.imwrite(str(tmp_path / "negative.png"), negative)
    smuggled = replace(normals.items[0], name="negative.png", path=tmp_path / "negative.png", sha256="0" * 64)
    copy = replace(smuggled, name="copy of negative.png")
    scores = leave_one_out(replace(normals, items=(*normals.items, smuggled, copy)), "compact", Progress())
    assert set(suspicious(scores)[:2]) == {"negative.png", "copy of negative.png"}  # a copy is no alibi


def test_nothing_is_suspected_where_all_are_alike() -> None:
    assert suspicious({"a": 1.0, "b": 1.0, "c": 1.0}) == []


def test_components_in_bfloat16_are_those_in_float32_but_for_rounding(
    parts: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(parts, items=parts.normals().items[:4])
    model = PatchCore(PatchCoreParams(image_size=64, bank_size=50, dimensions=32))
    model.fit(few, Progress())
    rows = model._extractor.patches(np.stack([load_rgb(item.path, (64, 64)) for item in few.items])).flatten(0, 1)
    found = []
    for precision in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(detector_module, "product_precision", lambda precision=precision: precision)
        found.append(model._reduce(rows))
    assert model._centre is not None and model._components is not None
    torch.testing.assert_close(found[0], (rows - model._centre) @ model._components, rtol=1e-3, atol=1e-3)
    assert (found[1] - found[0]).square().mean() < 1e-4 * found[0].square().mean()


@pytest.mark.parametrize("side", [4, 12, 20, 28, 32, 48, 64, 96, 128])
def test_what_is_probed_of_an_image_comes_by_all_columns_alike(side: int) -> None:
    """mu and sigma are to be those of the whole image, whose border is unlike its middle."""
    every = detector_module._stride(Piece(range(1), side, side, 0, 0, (side, side)))
    columns = np.bincount(np.arange(side**2)[::every] % side, minlength=side)
    assert columns.max() - columns.min() <= 1
    assert min(side**2, 130) <= columns.sum() <= 4096
