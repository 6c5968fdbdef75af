"""Every image detector of the registry keeps the contract of ``core.detectors.base``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.types import ImageSet
from core.detectors.base import ImageDetector, ImageScore, implementation
from core.detectors.registry import REGISTRY, build, info, of, parameters
from core.errors import Cancelled, UserError
from core.progress import Progress

# The least work that still exercises the code.
QUICK: dict[str, dict[str, Any]] = {
    "patchcore": {"image_size": 96, "bank_size": 300, "dimensions": 32},
    "padim": {"image_size": 96, "dimensions": 20},
    "spade": {"image_size": 96, "neighbours": 3},
    "image-vae": {"epochs": 4, "width": 8, "latent": 32},
}


def fitted(name: str, data: ImageSet, seed: int = 0) -> ImageDetector:
    detector = build(name, parameters(name, QUICK[name]), seed)
    detector.fit(data.normals(), Progress())
    return detector


def scores(detector: ImageDetector, data: ImageSet) -> list[ImageScore]:
    return list(detector.score(data, Progress()))


@pytest.fixture(scope="module", params=sorted(of("image")))
def one(request: pytest.FixtureRequest, parts: ImageSet) -> tuple[str, ImageDetector]:
    return request.param, fitted(request.param, parts)


def test_every_detector_has_quick_parameters() -> None:
    assert set(QUICK) == set(of("image"))


def test_scores_are_finite_and_in_the_order_of_the_items(one: tuple[str, ImageDetector], parts: ImageSet) -> None:
    found = scores(one[1], parts.test())
    assert [score.name for score in found] == [item.name for item in parts.test().items]
    for score in found:
        assert np.isfinite(score.score)
        assert score.map.dtype == np.float32
        assert score.map.ndim == 2
        assert np.isfinite(score.map).all()


def test_an_image_scores_the_same_alone_and_in_any_company(one: tuple[str, ImageDetector], parts: ImageSet) -> None:
    data = parts.test()
    together = {score.name: score for score in scores(one[1], data)}
    backwards = replace(data, items=data.items[::-1])
    for score in scores(one[1], backwards):
        assert score.score == pytest.approx(together[score.name].score, rel=1e-6)
    for item in data.items[:2]:
        (alone,) = scores(one[1], replace(data, items=(item,)))
        # Where convolutions sum a single image in another order, features differ by 5e-7 of their size and distances,
        # in standard deviations of normal ones, by some forty times that.
        np.testing.assert_allclose(alone.map, together[item.name].map, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", sorted(of("image")))
def test_what_is_reported_of_a_fit_only_rises_and_comes_to_its_end(name: str, parts: ImageSet) -> None:
    told: list[float] = []
    nine = replace(parts, items=parts.normals().items[:9])  # the last batch is not full
    build(name, parameters(name, QUICK[name]), 0).fit(nine, Progress(lambda share, *_: told.append(share)))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_saved_and_loaded_it_scores_the_same(one: tuple[str, ImageDetector], parts: ImageSet, tmp_path: Path) -> None:
    name, detector = one
    detector.save(tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".safetensors", ".json"}
    loaded = implementation(info(name)).load(tmp_path, detector.params, detector.seed)
    for before, after in zip(scores(detector, parts.test()), scores(loaded, parts.test()), strict=True):
        assert before.score == after.score
        np.testing.assert_array_equal(before.map, after.map)


@pytest.mark.parametrize("layers", ["2", "3"])
def test_a_patchcore_with_fewer_channels_than_dimensions_can_be_loaded(
    layers: str, parts: ImageSet, tmp_path: Path
) -> None:
    """Stage 2 has 128 channels: there is nothing to reduce to 192 dimensions."""
    params = parameters("patchcore", {"image_size": 64, "bank_size": 200, "layers": layers})
    detector = build("patchcore", params)
    detector.fit(parts.normals(), Progress())
    detector.save(tmp_path)
    loaded = implementation(info("patchcore")).load(tmp_path, params, 0)
    assert [s.score for s in scores(detector, parts.test())] == [s.score for s in scores(loaded, parts.test())]


def test_the_same_seed_gives_the_same_scores(one: tuple[str, ImageDetector], parts: ImageSet) -> None:
    again = scores(fitted(one[0], parts), parts.test())
    for before, after in zip(scores(one[1], parts.test()), again, strict=True):
        assert before.score == pytest.approx(after.score, rel=1e-6)


def test_a_fit_can_be_cancelled(one: tuple[str, ImageDetector], parts: ImageSet) -> None:
    def stop() -> None:
        raise Cancelled

    detector = build(one[0], parameters(one[0], QUICK[one[0]]))
    with pytest.raises(Cancelled):
        detector.fit(parts.normals(), Progress(checkpoint=stop))


def test_an_obvious_hole_scores_above_every_good_part(
    one: tuple[str, ImageDetector], parts: ImageSet, tmp_path: Path
) -> None:
    """A black square the size of a quarter of the picture is planted into a good part."""
    import cv2

    from core.datasets.images import load_rgb

    item = next(item for item in parts.test().items if item.label == "good")
    pixels = load_rgb(item.path)
    pixels[32:96, 32:96] = (255, 0, 255)
    cv2.imwrite(str(tmp_path / "hole.png"), pixels[..., ::-1])
    hole = replace(item, name="hole.png", path=tmp_path / "hole.png")
    good = parts.test().where(lambda other: other.label == "good")
    (planted,) = scores(one[1], replace(good, items=(hole,)))
    assert planted.score > max(score.score for score in scores(one[1], good))
    side = planted.map.shape[0]
    # The middle of what is marked, not the highest place: a map may spread, and be highest at the rim of a defect.
    marked = planted.map > (np.median(planted.map) + planted.map.max()) / 2
    assert all(side // 4 <= place.mean() < 3 * side // 4 for place in np.nonzero(marked))


def test_an_unknown_detector_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"«nosuch».*patchcore"):
        info("nosuch")


@pytest.mark.parametrize("name", sorted(of("image")))
def test_a_wrong_parameter_is_named_with_the_known_ones(name: str) -> None:
    with pytest.raises(UserError, match=r"«nosuch»"):
        parameters(name, {"nosuch": 1})


@pytest.mark.parametrize(("name", "preset"), [(n, p) for n, e in REGISTRY.items() for p in e.presets])
def test_every_preset_is_valid(name: str, preset: str) -> None:
    assert parameters(name, {}, preset)
