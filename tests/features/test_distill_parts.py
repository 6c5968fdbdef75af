"""Shapes read from weights, crops that follow from seed and step, losses with known values, configurations refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from core.datasets.readers import read_images
from core.errors import UserError
from core.features.backbones import load_compact
from core.features.backbones_info import BUNDLED
from core.features.compact import Shape, from_weights, shape_of, to_weights
from core.features.distill import crops, losses, textures
from core.features.distill.config import Augmentation, DistillConfig
from core.features.distill.crops import Photographs
from core.features.distill.losses import LOSSES
from core.features.distill.textures import texture

SMALL = Shape(8, (1, 2, 1), (8, 12, 16), (10, 20))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 small pictures."""
    made = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number in range(30):
        cv2.imwrite(str(made / f"{number:02d}.png"), texture(rng, 72))
    return made


def test_the_bundled_file_says_its_own_shape() -> None:
    assert shape_of(load_file(BUNDLED)) == Shape(32, (2, 2, 2), (32, 64, 128), (128, 256))


@pytest.mark.parametrize("strided", [False, True])
def test_a_backbone_of_any_shape_survives_its_file(strided: bool, tmp_path: Path) -> None:
    """Written and read back, it gives the same features, up to the half precision of its convolutions."""
    torch.manual_seed(0)
    shape = replace(SMALL, strided=strided)
    network = shape.network().eval()
    assert shape_of(to_weights(network)) == shape
    save_file(to_weights(network), tmp_path / "small.safetensors")
    loaded = load_compact(tmp_path / "small.safetensors")
    assert (loaded.channels, loaded.source) == ((10, 20), "small.safetensors")
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for ours, theirs in zip(loaded.stages(x), network(x), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda weights: weights.pop("head3.weight"), "lack 'head3.weight'"),
        (lambda weights: weights.pop("layer2.0.bn1.weight"), "lack layer2.0.bn1.weight"),
        (lambda weights: weights.update(fc=torch.zeros(1)), "hold a foreign fc"),
        (lambda weights: weights.update({"head2.weight": torch.zeros(10, 9, 1, 1)}), "size mismatch"),
    ],
)
def test_weights_that_do_not_fit_are_refused(spoil, reason: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    weights = to_weights(SMALL.network())
    spoil(weights)
    with pytest.raises(ValueError, match=reason):
        from_weights(weights)
    save_file(weights, tmp_path / "spoilt.safetensors")
    with pytest.raises(UserError, match="not a compact backbone"):
        load_compact(tmp_path / "spoilt.safetensors")


def test_crops_follow_from_seed_and_step_alone(folder: Path) -> None:
    config = DistillConfig(batch_size=6, size=64)
    items = read_images(folder, format="parts").items
    together = list(Photographs(items, 0).batches(config, 0, 4))
    later = Photographs(items, 0).batch(config, 3)
    assert together[3].shape == (6, 64, 64, 3) and together[3].dtype == np.uint8
    np.testing.assert_array_equal(together[3], later)
    other = Photographs(items, 0).batch(config.model_copy(update={"seed": 1}), 3)
    assert (other != later).any()


def test_an_epoch_shows_every_photograph_once(folder: Path) -> None:
    """Without any change a crop is the photograph: each of those learnt from appears once in an epoch."""
    plain = Augmentation(crop=(1, 1), zoom=0, grey=0, contrast=0)
    photographs = Photographs(read_images(folder, format="parts").items, 0)
    count = len(photographs.learnt)
    config = DistillConfig(batch_size=2, size=64, augmentation=plain, textures=0)
    shown = np.concatenate([photographs.batch(config, step) for step in range(count // 2)])
    # Turns and mirrors leave the mean of a square unchanged.
    assert len({round(float(crop.mean()), 3) for crop in shown}) == len(shown) == count - count % 2


def test_textures_take_the_share_of_crops_that_was_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(crops, "texture", lambda rng, size: drawn.append(size) or np.zeros((size, size, 3), np.uint8))
    photographs = Photographs(read_images(folder, format="parts").items, 0)
    for share, expected in ((0.0, (0, 0)), (0.3, (40, 80)), (1.0, (200, 200))):
        drawn.clear()
        for step in range(20):
            photographs.batch(DistillConfig(batch_size=10, size=64, textures=share), step)
        assert expected[0] <= len(drawn) <= expected[1]


def test_held_out_photographs_are_never_learnt_from(folder: Path) -> None:
    items = read_images(folder, format="parts").items
    photographs = Photographs((*items, *items), 5)  # copies are one photograph
    learnt, held = ({item.sha256 for item in some} for some in (photographs.learnt, photographs.held_out))
    assert not learnt & held and len(learnt | held) == 30 and len(held) == len(photographs.held_out) == 4
    assert photographs.held_out_crops(64).shape == (4, 64, 64, 3)
    drawn = photographs.held_out_textures(64)
    np.testing.assert_array_equal(drawn, photographs.held_out_textures(64))
    assert drawn.shape == (4, 64, 64, 3)
    learnt = np.concatenate([photographs.batch(DistillConfig(size=64, textures=1), step) for step in range(3)])
    assert not any((learnt == one).all((1, 2, 3)).any() for one in drawn)


def test_too_few_photographs_are_refused_in_one_sentence(folder: Path) -> None:
    with pytest.raises(UserError, match=r"There are 10 different photographs to train on.*at least 24"):
        Photographs(read_images(folder, format="parts").items[:10], 0)


def test_test_images_are_not_learnt_from(folder: Path) -> None:
    items = read_images(folder, format="parts").items
    told_apart = [replace(item, split="test") if number < 5 else item for number, item in enumerate(items)]
    photographs = Photographs(told_apart, 0)
    used = {item.name for item in (*photographs.learnt, *photographs.held_out)}
    assert used == {item.name for item in items[5:]}


def test_textures_differ_and_repeat() -> None:
    first, second = (texture(np.random.default_rng(seed), 64) for seed in (1, 2))
    np.testing.assert_array_equal(first, texture(np.random.default_rng(1), 64))
    assert first.shape == (64, 64, 3) and (first != second).any() and first.std() > 2


@pytest.mark.parametrize(
    "kind", [textures._grain, textures._grating, textures._weave, textures._cells, textures._leaves]
)
def test_every_kind_of_field_is_standard(kind: Callable[[np.random.Generator, int], np.ndarray]) -> None:
    for seed in range(5):
        field = kind(np.random.default_rng(seed), 96)
        assert field.shape == (96, 96) and field.dtype == np.float32
        assert field.mean() == pytest.approx(0, abs=1e-4) and field.std() == pytest.approx(1, abs=1e-3)


def test_brushed_grain_varies_less_along_its_direction() -> None:
    """Stretched up to twentyfold, differences between neighbours in one direction are smaller than in the other."""
    ratios = []
    for seed in range(20):
        field = textures._grain(np.random.default_rng(seed), 96)
        gradients = np.stack([one.ravel() for one in np.gradient(field)])
        low, high = np.linalg.eigvalsh(gradients @ gradients.T)
        ratios.append(high / low)
    assert np.median(ratios) > 2


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_perfect_copy_costs_nothing(loss: str) -> None:
    features = (torch.randn(2, 4, 8, 8), torch.randn(2, 6, 5, 5))
    copies = tuple(one.clone().requires_grad_() for one in features)
    value = LOSSES[loss](copies, features, (torch.ones(4), torch.ones(6)))  # type: ignore[arg-type, index]
    value.backward()
    assert float(value.detach()) == pytest.approx(0.0, abs=1e-5)
    assert all(torch.isfinite(one.grad).all() for one in copies)


def test_losses_of_a_constant_error() -> None:
    """Off by 2 in every channel: 4 / variance standardised; as a share of the whole variance for ``distance``."""
    teacher = (torch.zeros(1, 4, 6, 6), torch.zeros(1, 6, 6, 6))
    student = tuple(one + 2 for one in teacher)
    variances = (torch.full((4,), 2.0), torch.full((6,), 8.0))
    assert float(LOSSES["standardised"](student, teacher, variances)) == pytest.approx((4 / 2 + 4 / 8) / 2)  # type: ignore[arg-type]
    assert float(LOSSES["distance"](student, teacher, variances)) == pytest.approx(4 * 10 / (4 * 2 + 6 * 8))  # type: ignore[arg-type]


def test_a_relative_error_counts_the_same_on_a_faint_picture() -> None:
    """A tenth of its own deviation costs a hundredth on both; as ``distance`` the strong one costs 10^4 times more."""
    patterns = torch.randn(2, 4, 30, 30), torch.randn(2, 6, 30, 30)
    teacher = tuple(one * torch.tensor([1.0, 100.0]).view(2, 1, 1, 1) for one in patterns)
    student = tuple(one * 1.1 for one in teacher)
    for picture in (slice(0, 1), slice(1, 2)):
        pair = (tuple(s[picture] for s in student), tuple(t[picture] for t in teacher))
        assert float(LOSSES["relative"](*pair, (torch.zeros(4), torch.zeros(6)))) == pytest.approx(0.01, rel=0.05)  # type: ignore[arg-type]
    empty = (torch.zeros(1, 4, 8, 8), torch.zeros(1, 6, 8, 8))
    off = (empty[0] + 1, empty[1] + 1)
    assert float(LOSSES["relative"](off, empty, (torch.ones(4), torch.ones(6)))) == pytest.approx(1 / losses.FAINTEST)


def test_opposite_features_are_two_apart_in_cosine() -> None:
    teacher = (torch.ones(1, 4, 3, 3), torch.ones(1, 6, 3, 3))
    student = (-teacher[0], -teacher[1])
    assert float(LOSSES["cosine"](student, teacher, (torch.ones(4), torch.ones(6)))) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "l1"},
        {"batch_size": 1},
        {"size": 100},
        {"augmentation": {"crop": (0.9, 0.2)}},
        {"textures": 1.2},
        {"architecture": {"widths": (0, 8, 8)}},
        {"norms": "frozen", "start": "random"},
        {"typo": 1},
    ],
)
def test_senseless_configurations_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DistillConfig.model_validate(values)
