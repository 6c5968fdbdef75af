"""The VAE as a detector: several products in one model, any size of image, what it remembers and says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from core.datasets.readers import read
from core.datasets.types import ImageSet
from core.detectors.image_vae.detector import ImageVae
from core.detectors.image_vae.info import ImageVaeParams
from core.detectors.image_vae.pixels import ImagePool
from core.errors import UserError
from core.progress import Progress

SMALL = ImageVaeParams(epochs=2, width=4, latent=8, batch_size=8)


@pytest.fixture(scope="module")
def fitted(parts: ImageSet) -> ImageVae:
    detector = ImageVae(SMALL)
    detector.fit(parts.normals(), Progress())
    return detector


@pytest.fixture
def two_products(tmp_path: Path) -> ImageSet:
    """Bright wide plates and dark tall ones, under one root; sizes that 224 does not divide."""
    generator = np.random.default_rng(0)
    for category, level, shape in (("plate", 200, (31, 97)), ("bar", 60, (301, 57))):
        folder = tmp_path / category / "train" / "good"
        folder.mkdir(parents=True)
        for index in range(8):
            image = np.clip(level + generator.normal(0, 5, (*shape, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{index}.png"), image)
    return read(tmp_path)


def test_one_model_learns_several_products_of_any_shape(two_products: ImageSet) -> None:
    assert two_products.categories == ["bar", "plate"]
    detector = ImageVae(SMALL.model_copy(update={"epochs": 30, "learning_rate": 0.01}))
    detector.fit(two_products.normals(), Progress())
    brightness: dict[str, list[float]] = {"bar": [], "plate": []}
    for item, score in zip(two_products.items, detector.score(two_products, Progress()), strict=True):
        assert score.map.shape == (224, 224)
        assert score.reconstruction is not None
        brightness[item.category].append(float(score.reconstruction.mean()))
    assert max(brightness["bar"]) < min(brightness["plate"])


def test_a_reconstruction_is_an_rgb_image(fitted: ImageVae, parts: ImageSet) -> None:
    for score in fitted.score(parts.test(), Progress()):
        assert score.reconstruction is not None
        assert score.reconstruction.shape == (224, 224, 3)
        assert score.reconstruction.dtype == np.uint8
        assert score.score == pytest.approx(float(score.map.max()))


@pytest.mark.parametrize("measure", ["l1", "ssim", "multi-scale+ssim"])
def test_every_measure_scores(parts: ImageSet, measure: str) -> None:
    detector = ImageVae(SMALL.model_copy(update={"measure": measure, "epochs": 1}))
    detector.fit(parts.normals(), Progress())
    for score in detector.score(parts.test(), Progress()):
        assert np.isfinite(score.map).all()
        assert score.map.min() >= 0


def test_scoring_does_not_move_the_random_numbers_of_others(fitted: ImageVae, parts: ImageSet) -> None:
    before = torch.get_rng_state()
    list(fitted.score(parts.test(), Progress()))
    assert torch.equal(before, torch.get_rng_state())


def test_the_latent_space_survives_saving(fitted: ImageVae, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    loaded = ImageVae.load(tmp_path, SMALL, 0)
    np.testing.assert_array_equal(loaded.latent_space().sample(2), fitted.latent_space().sample(2))
    assert loaded.provenance() == fitted.provenance()


def test_a_state_of_other_parameters_is_refused(fitted: ImageVae, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    with pytest.raises(UserError, match="does not fit"):
        ImageVae.load(tmp_path, SMALL.model_copy(update={"latent": 16}), 0)
    with pytest.raises(UserError, match="does not fit"):
        ImageVae.load(tmp_path, SMALL.model_copy(update={"measure": "l1"}), 0)


def test_the_manifest_learns_how_training_went(fitted: ImageVae, parts: ImageSet) -> None:
    told = fitted.provenance()
    assert told["epochs"] == 2
    assert told["images_fitted"] + told["images_held_out_for_early_stopping"] == len(parts.normals())
    assert 0 <= told["active_units"] <= SMALL.latent
    json.dumps(told, allow_nan=False)


def test_a_collapsed_posterior_is_told(parts: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(ImageVae, "_encode", lambda self, pool, progress: torch.ones(20, SMALL.latent))
    detector = ImageVae(SMALL)
    detector.fit(parts.normals(), Progress(log=said.append))
    assert detector.provenance()["active_units"] == 0
    assert any("posterior collapse" in line for line in said)


def test_memory_holds_a_bounded_number_of_images(parts: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    read_paths: list[Path] = []

    def counted(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
        read_paths.append(path)
        return np.zeros((224, 224, 3), np.uint8)

    monkeypatch.setattr("core.detectors.image_vae.pixels.load_rgb", counted)
    items = parts.normals().items[:6]
    pool = ImagePool(items, kept=4)
    for _ in range(3):
        assert [len(batch) for batch in pool.batches(range(6), 4)] == [4, 2]
    assert [read_paths.count(item.path) for item in items] == [1, 1, 1, 1, 3, 3]


def test_an_image_that_vanished_is_told_by_name(fitted: ImageVae, parts: ImageSet, tmp_path: Path) -> None:
    gone = replace(parts.items[0], path=tmp_path / "gone.png")
    with pytest.raises(UserError, match=r"gone\.png"):
        list(fitted.score(replace(parts, items=(gone,)), Progress()))
