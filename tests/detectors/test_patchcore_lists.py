from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.datasets.types import ImageSet
from core.detectors.patchcore import lists
from core.detectors.patchcore import search as search_module
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams
from core.detectors.patchcore.lists import Lists
from core.detectors.patchcore.search import CERTAIN, MemoryBank
from core.progress import Progress


def rows_of(m: int, d: int, seed: int = 0) -> Tensor:
    """Rows like patches: clusters, and components of falling variance, far from 0."""
    generator = torch.Generator().manual_seed(seed)
    centres = 2 * torch.randn(12, d, generator=generator)
    kind = torch.randint(12, (m,), generator=generator)
    scale = torch.linspace(2, 0.1, d)
    return (centres[kind] + torch.randn(m, d, generator=generator)) * scale + 5


def literal(queries: Tensor, rows: Tensor) -> Tensor:
    return torch.cdist(queries, rows, compute_mode="donot_use_mm_for_euclid_dist").amin(1)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("d", [6, 96, 100])
def test_it_is_the_distance_of_a_row_and_mostly_the_nearest(
    d: int, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "product_precision", lambda: torch.bfloat16 if fast else torch.float32)
    rows, queries = rows_of(3000, d), rows_of(700, d, seed=1)
    queries = torch.cat([queries, rows[:100], 30 * torch.randn(100, d, generator=torch.Generator().manual_seed(2))])
    found, nearest = Lists(rows).nearest(queries).sqrt(), literal(queries, rows)
    slack = (0.005 if fast else 1e-4) * (queries - rows.mean(0)).norm(dim=1) + 1e-2  # what rounding moves a point by
    assert (found >= nearest - slack).all()
    assert (found <= nearest + slack).float().mean() > 0.9
    assert float((found / nearest.clamp(min=1)).mean()) < float((nearest / nearest.clamp(min=1)).mean()) + 0.02
    assert found[700:800].max() < 0.1  # a row finds itself
    assert Lists(rows).nearest(queries[:0]).shape == (0,)


def test_a_query_beside_others_finds_what_it_finds_alone() -> None:
    index, queries = Lists(rows_of(3000, 96)), rows_of(300, 96, seed=1)
    alone = torch.cat([index.nearest(queries[part : part + 1]) for part in range(0, 300, 30)])
    torch.testing.assert_close(index.nearest(queries)[::30], alone, rtol=1e-4, atol=1e-3)


def test_rows_that_are_all_alike_can_be_divided() -> None:
    rows = torch.ones(5000, 8)
    rows[-1] = 3
    found = Lists(rows).nearest(torch.stack([torch.ones(8), torch.full((8,), 3.0), torch.full((8,), 2.0)]))
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 8.0]), rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("cosine", [False, True])
def test_the_farthest_patches_are_searched_for_in_the_whole_bank(cosine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "FEWEST", 2000)
    rows, queries = rows_of(3000, 32), rows_of(800, 32, seed=1)
    if cosine:
        rows, queries = (torch.nn.functional.normalize(values - 5, dim=1) for values in (rows, queries))
    bank = MemoryBank(rows, torch.zeros(len(rows), dtype=torch.long), cosine)
    images = queries.view(2, 400, 32)
    found, exact = bank.survey(images), bank.distance(queries, 1).view(2, 400)
    assert bank.lists is not None
    torch.testing.assert_close(found.topk(10, 1).values, exact.topk(10, 1).values)
    assert int((found == exact).sum()) >= 2 * CERTAIN
    small = MemoryBank(rows[:1000], torch.zeros(1000, dtype=torch.long), cosine)
    assert small.lists is None
    torch.testing.assert_close(small.survey(images), small.distance(queries, 1).view(2, 400))


def test_as_many_patches_are_certain_as_the_score_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "FEWEST", 2000)
    bank = MemoryBank(rows_of(3000, 32), torch.zeros(3000, dtype=torch.long), cosine=False)
    images = rows_of(400, 32, seed=1).unsqueeze(0)
    exact = bank.distance(images[0], 1)
    assert (bank.survey(images)[0].topk(200).values.mean() - exact.topk(200).values.mean()).abs() > 1e-3
    torch.testing.assert_close(bank.survey(images, 400)[0], exact)


def test_a_model_has_as_many_certain_patches_as_its_score_averages(
    parts: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def survey(self: MemoryBank, queries: Tensor, certain: int = CERTAIN) -> Tensor:
        asked.append(certain)
        return self.distance(queries.flatten(0, 1), 1).view(queries.shape[:2])

    monkeypatch.setattr(MemoryBank, "survey", survey)
    few = replace(parts, items=parts.normals().items[:4])
    for given in ({"top_k": 10}, {"top_k": 100}, {"top_k": 100, "pooling": "max"}):
        detector = PatchCore(PatchCoreParams(image_size=64, bank_size=50, **given))
        detector.fit(few, Progress())
        assert len(list(detector.score(few, Progress()))) == 4
    assert asked == [32, 200, 32]
