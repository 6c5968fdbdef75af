"""The backbones give what their published networks give, and say in seconds where one cannot be had."""

from __future__ import annotations

import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from core.errors import UserError
from core.features import backbones, fused
from core.features.backbones import load_backbone
from core.features.backbones_info import BUNDLED
from core.features.patches import PatchExtractor
from core.features.resnet import Stages, Trunk
from core.settings import Settings


@pytest.fixture
def weights_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Sets the folder of weights for one test; nothing else can be found or downloaded."""

    def use(folder: Path | None) -> None:
        chosen = Settings(weights_dir=folder, download_timeout_s=1.0)
        monkeypatch.setattr(backbones, "settings", lambda: chosen)
        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
        load_backbone.cache_clear()

    yield use
    load_backbone.cache_clear()


def test_resnet18_equals_torchvisions_own(weights_dir, imagenet_weights: Path) -> None:  # type: ignore[no-untyped-def]
    """Folding the batch norms and cutting the trunk change nothing but rounding."""
    from torchvision.models import resnet18  # takes seconds to import: only the process that runs this pays for it

    weights_dir(imagenet_weights)
    network = resnet18(weights=None)
    network.load_state_dict(load_file(next(imagenet_weights.glob("resnet18*.safetensors"))), strict=False)
    network.eval()
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        stem = network.layer1(network.maxpool(network.relu(network.bn1(network.conv1(x)))))
        second = network.layer2(stem)
        third = network.layer3(second)
        ours = load_backbone("resnet18").stages(x)
    torch.testing.assert_close(ours[0], second, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours[1], third, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["resnet18", "wide_resnet50_2"])
def test_a_trunk_is_torchvisions_network_up_to_stage_3(name: str) -> None:
    """The same random weights, the same shapes, the same outputs; and the file's name is the one it publishes."""
    from torchvision.models import get_model, get_model_weights

    published = backbones._TORCHVISION[name]
    assert get_model_weights(name)[published.version.upper()].url.endswith("/" + published.filename)
    network = get_model(name, weights=None).eval()
    trunk = Trunk(64, published.blocks, published.channels, published.bottleneck).eval()
    assert not trunk.load_state_dict(network.state_dict(), strict=False).missing_keys
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        stem = network.layer1(network.maxpool(network.relu(network.bn1(network.conv1(x)))))
        second = network.layer2(stem)
        torch.testing.assert_close(trunk(x), (second, network.layer3(second)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 5, 16, 16), (1, 3, 2, 2), (3, 8, 6, 10)])
def test_pooling_by_integers_is_torchs_pooling(shape: tuple[int, ...]) -> None:
    """To the bit, whatever the layout in memory, zeros among them."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).relu().bfloat16()
    for layout in (torch.contiguous_format, torch.channels_last):
        laid = x.contiguous(memory_format=layout)
        assert torch.equal(fused._Pooling()(laid), nn.functional.max_pool2d(x, 3, 2, 1))


def test_compact_imitates_resnet18(weights_dir, imagenet_weights: Path, shared_datasets: Path) -> None:  # type: ignore[no-untyped-def]
    """On real photographs its features explain most of the variance of the network that it was trained to imitate."""
    from core.datasets.images import load_rgb

    weights_dir(imagenet_weights)
    photographs = sorted((shared_datasets / "magnetic_tile" / "train" / "good").glob("*.jpg"))[:6]
    pixels = np.stack([load_rgb(path, (128, 128)) for path in photographs])
    for ours, theirs in zip(
        PatchExtractor("compact", 128).stages(pixels), PatchExtractor("resnet18", 128).stages(pixels), strict=True
    ):
        assert ours.shape == theirs.shape
        residual = (ours - theirs).square().mean()
        assert residual < 0.8 * theirs.var()


def test_the_manifest_hash_is_that_of_the_file() -> None:
    import hashlib

    assert load_backbone("compact").sha256 == hashlib.sha256(BUNDLED.read_bytes()).hexdigest()


def test_without_weights_it_says_so_in_seconds_and_offers_the_bundled(weights_dir, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    weights_dir(tmp_path)
    started = time.perf_counter()
    with pytest.raises(UserError, match=r"resnet18 could not be downloaded.*FAULTLINE_WEIGHTS_DIR.*Compact"):
        load_backbone("resnet18")
    assert time.perf_counter() - started < 20
    assert not list(tmp_path.rglob("*.pth"))


def test_a_damaged_weights_file_is_refused(weights_dir, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "resnet18_imagenet1k_v1_to_layer3.safetensors").write_bytes(b"not weights")
    weights_dir(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        load_backbone("resnet18")


def test_a_web_page_in_place_of_weights_is_refused(weights_dir, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What a captive portal leaves where a download should be."""
    (tmp_path / "resnet18-f37072fd.pth").write_bytes(b"<html>Please log in</html>")
    weights_dir(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        load_backbone("resnet18")


def test_weights_of_another_network_are_refused(weights_dir, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "resnet18_imagenet1k_v1_to_layer3.safetensors")
    weights_dir(tmp_path)
    with pytest.raises(UserError, match="weights lack"):
        load_backbone("resnet18")


@pytest.mark.skipif(not fused.available(), reason="no fused convolution in bfloat16 in this torch or processor")
@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_fused_network_is_the_plain_one_with_less_rounding(bottleneck: bool) -> None:
    """Near to float32, and no farther from it than the plain bfloat16 network; alike for any batch."""
    torch.manual_seed(0)
    stages = Stages(Trunk(16, (2, 1, 2), (16, 32, 64), bottleneck), nn.Conv2d(32, 24, 1), nn.Identity()).eval()
    stages = backbones._fold_batch_norms(stages).to(memory_format=torch.channels_last).requires_grad_(False)
    x = torch.randn(3, 3, 64, 96).contiguous(memory_format=torch.channels_last)
    halved, quick = deepcopy(stages).bfloat16(), fused.fused(stages)
    with torch.inference_mode():
        exact, plain, found = stages(x), halved(x.bfloat16()), quick(x.bfloat16())
        alone = quick(x[1:2].bfloat16())
    for expected, rough, ours, single in zip(exact, plain, found, alone, strict=True):
        error, before = ((one.float() - expected).norm() / expected.norm() for one in (ours, rough))
        assert error < 0.02
        assert error < 1.1 * before
        torch.testing.assert_close(single[0], ours[1], rtol=0.02, atol=0.01)


@pytest.mark.parametrize(("layers", "grid", "channels"), [("2", 12, 128), ("3", 6, 256), ("2+3", 12, 384)])
def test_patches_have_the_grid_and_channels_of_their_layers(layers: str, grid: int, channels: int) -> None:
    extractor = PatchExtractor("compact", 96, layers)  # type: ignore[arg-type]
    pixels = np.zeros((2, 96, 96, 3), np.uint8)
    assert extractor.grid == grid
    assert extractor.patches(pixels).shape == (2, grid * grid, channels)


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_neighbourhoods_of_any_size_keep_the_grid(side: int) -> None:
    extractor = PatchExtractor("compact", 96, "2", side)
    assert extractor.patches(np.zeros((1, 96, 96, 3), np.uint8)).shape == (1, 144, 128)


def test_features_do_not_depend_on_the_batch() -> None:
    extractor = PatchExtractor("compact", 64)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    together = extractor.patches(pixels)
    alone = torch.cat([extractor.patches(pixels[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


def test_a_patch_of_its_own_counts_beside_its_neighbourhood() -> None:
    features = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    means, own = (PatchExtractor("compact", 64, "2", 3, centre)._average(features) for centre in (0.0, 1.0))
    damped = torch.full((5, 5), 1.0)
    damped[[0, -1]] *= 2 / 3
    damped[:, [0, -1]] *= 2 / 3
    torch.testing.assert_close(own, features * damped)
    mixed = PatchExtractor("compact", 64, "2", 3, 0.25)._average(features)
    torch.testing.assert_close(mixed, 0.75 * means + 0.25 * own)
    assert torch.equal(PatchExtractor("compact", 64, "2", 1, 0.5)._average(features), features)
