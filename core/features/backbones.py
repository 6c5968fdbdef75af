"""Frozen networks whose stages 2 and 3 describe patches.

All of them take RGB in [0, 1] normalised by ImageNet's mean and deviation, (b, 3, h, w), and give stage 2 at stride 8
and stage 3 at stride 16. ``compact`` is bundled (``assets/compact_backbone.safetensors``): a ResNet-18 of half the
width, trained to imitate the other's features. The others are torchvision's, found in ``FAULTLINE_WEIGHTS_DIR``, else
in torchvision's own cache, else downloaded.
"""

from __future__ import annotations

import hashlib
import queue
import socket
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from urllib.parse import urlsplit

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models import ResNet, ResNet18_Weights, WeightsEnum, Wide_ResNet50_2_Weights, resnet18, wide_resnet50_2
from torchvision.models.resnet import BasicBlock

from core.errors import UserError
from core.features.backbones_info import TITLES, Backbone
from core.settings import PROJECT, settings

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
BUNDLED = PROJECT / "assets" / "compact_backbone.safetensors"
_TORCHVISION = {
    "resnet18": (resnet18, ResNet18_Weights.IMAGENET1K_V1, (128, 256)),
    "wide_resnet50_2": (wide_resnet50_2, Wide_ResNet50_2_Weights.IMAGENET1K_V2, (512, 1024)),
}


class Stages(nn.Module):
    """A ResNet's trunk to stage 3, with an optional 1x1 head on each of the two stages that it returns."""

    def __init__(self, network: ResNet, head2: nn.Module, head3: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool, network.layer1)
        self.layer2, self.layer3 = network.layer2, network.layer3
        self.head2, self.head3 = head2, head3

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(b, 3, h, w) -> (b, c2, h / 8, w / 8), (b, c3, h / 16, w / 16)."""
        second = self.layer2(self.stem(x))
        third = self.layer3(second)
        return self.head2(second), self.head3(third)


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone ready for inference, and the hash of the file its weights came from."""

    name: Backbone
    stages: Stages
    channels: tuple[int, int]  # of stages 2 and 3
    sha256: str
    source: str  # where the weights came from, for the manifest


@lru_cache(maxsize=3)
def load_backbone(name: Backbone) -> LoadedBackbone:
    """Load a backbone by name, batch norms folded in. Raises UserError where its weights cannot be had."""
    if name == "compact":
        network, heads, path = _compact(), (nn.Conv2d(64, 128, 1), nn.Conv2d(128, 256, 1)), BUNDLED
        stages = Stages(network, *heads)
        weights = {key: value.float() for key, value in load_file(path).items()}
        _load(network, {key: value for key, value in weights.items() if not key.startswith("head")}, path)
        for head, prefix in zip(heads, ("head2.", "head3."), strict=True):
            head.load_state_dict({key.removeprefix(prefix): v for key, v in weights.items() if key.startswith(prefix)})
        source, channels = "bundled", (128, 256)
    else:
        build, published, channels = _TORCHVISION[name]
        path, source = _find(name, published)
        network = build(weights=None)
        _load(network, _read(path), path)
        stages = Stages(network, nn.Identity(), nn.Identity())
    stages = _fold_batch_norms(stages.eval()).to(memory_format=torch.channels_last)
    return LoadedBackbone(name, stages.requires_grad_(False), channels, _sha256(path), source)


def _compact() -> ResNet:
    """A ResNet-18 of half the width; torchvision's constructor knows no narrower BasicBlock, so we set the planes."""
    network = ResNet(BasicBlock, [2, 2, 2, 2])
    network.inplanes = 32
    network.conv1 = nn.Conv2d(3, 32, 7, 2, 3, bias=False)
    network.bn1 = nn.BatchNorm2d(32)
    network.layer1 = network._make_layer(BasicBlock, 32, 2)
    network.layer2 = network._make_layer(BasicBlock, 64, 2, stride=2)
    network.layer3 = network._make_layer(BasicBlock, 128, 2, stride=2)
    return network


def _load(network: ResNet, weights: dict[str, Tensor], path: Path) -> None:
    """Fill the trunk up to stage 3; what lies above it is never run and may be absent from the file."""
    try:
        result = network.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise UserError("The weights do not fit the network", str(path), "Use torchvision's own file") from error
    missing = [key for key in result.missing_keys if not key.startswith(("layer4.", "fc."))]
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if missing:
        raise UserError(f"The weights lack {missing[0]}", str(path), "Use torchvision's own file")


def _find(name: str, published: WeightsEnum) -> tuple[Path, str]:
    """The weights file of a torchvision network: the given folder, torchvision's cache, or a download."""
    filename = Path(urlsplit(published.url).path).name
    folder = settings().weights_dir
    if folder is not None:
        for candidate in (filename, f"{name}_{published.name.lower()}_to_layer3.safetensors"):
            if (folder / candidate).is_file():
                return folder / candidate, candidate
    cached = Path(torch.hub.get_dir()) / "checkpoints" / filename
    if not cached.is_file():
        _download(name, published.url, cached)
    return cached, filename


def _download(name: str, url: str, to: Path) -> None:
    """Download in seconds or say so in seconds: torch's own downloader would wait for the system's long time-out."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(settings().download_timeout_s)
    try:
        _reach(urlsplit(url).hostname or "", settings().download_timeout_s)
        to.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(to), hash_prefix=to.stem.rsplit("-", 1)[-1], progress=False)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"The ImageNet weights of {name} could not be downloaded",
            f"{type(error).__name__}: {error}",
            f"Put {to.name} into a folder and name it in FAULTLINE_WEIGHTS_DIR, or choose the backbone "
            f"«{TITLES['compact']}», which needs no download",
        ) from None
    finally:
        socket.setdefaulttimeout(before)


def _reach(host: str, timeout_s: float) -> None:
    """Raise OSError unless the host answers in time. No socket time-out covers the look-up of its name, so a thread
    does both and is left behind where it hangs."""
    answers: queue.Queue[OSError | None] = queue.Queue()

    def try_it() -> None:
        try:
            socket.create_connection((host, 443), timeout_s).close()
            answers.put(None)
        except OSError as error:
            answers.put(error)

    threading.Thread(target=try_it, daemon=True).start()
    try:
        failure = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError(f"{host} did not answer within {timeout_s:g} s") from None
    if failure is not None:
        raise failure


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(weights, dict):
            raise ValueError("the file holds no table of weights")
        return weights
    except (OSError, RuntimeError, SafetensorError, EOFError, ValueError, UnpicklingError) as error:
        raise UserError("The weights file cannot be read", str(path), "Delete it and fetch it again") from error


def _fold_batch_norms(stages: Stages) -> Stages:
    """Fold every batch norm into the convolution before it: the same function, a third fewer passes over memory."""
    for module in stages.modules():
        names = dict(module.named_children())
        for conv, norm in (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"), ("0", "1")):
            before, after = names.get(conv), names.get(norm)
            if isinstance(before, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
                setattr(module, conv, fuse_conv_bn_eval(before, after))
                setattr(module, norm, nn.Identity())
    return stages


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
