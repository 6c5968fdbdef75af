"""Frozen networks whose stages 2 and 3 describe patches.

All of them take RGB in [0, 1] normalised by ImageNet's mean and deviation, (b, 3, h, w), and give stage 2 at stride 8
and stage 3 at stride 16. ``compact`` is bundled (``assets/compact_backbone.safetensors``): a ResNet-18 of half the
width, trained to imitate the other's features; ``FAULTLINE_COMPACT_BACKBONE`` names another file to take its place.
The others are torchvision's, found in ``FAULTLINE_WEIGHTS_DIR``, else in torchvision's own cache, else downloaded.
"""

from __future__ import annotations

import hashlib
import queue
import socket
import threading
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from pickle import UnpicklingError
from urllib.parse import urlsplit

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.errors import UserError
from core.features.backbones_info import BUNDLED, TITLES, Backbone
from core.features.compact import from_weights
from core.features.fused import available, fused
from core.features.resnet import Stages, Trunk
from core.settings import settings

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class _Published:
    """A network whose ImageNet weights torchvision publishes: its shape, and the file under torchvision's name."""

    blocks: tuple[int, int, int]
    channels: tuple[int, int, int]
    bottleneck: bool
    filename: str
    version: str


_TORCHVISION = {
    "resnet18": _Published((2, 2, 2), (64, 128, 256), False, "resnet18-f37072fd.pth", "imagenet1k_v1"),
    "wide_resnet50_2": _Published((3, 4, 6), (256, 512, 1024), True, "wide_resnet50_2-9ba9bcbe.pth", "imagenet1k_v2"),
}


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone ready for inference, and the hash of the file its weights came from."""

    name: Backbone
    stages: Stages
    channels: tuple[int, int]  # of stages 2 and 3
    sha256: str
    source: str  # where the weights came from, for the manifest

    @cached_property
    def halved(self) -> Stages:
        """The network in bfloat16, for processors that multiply such matrices in hardware. Autocast would round the
        weights anew for every batch."""
        return fused(self.stages) if available() else deepcopy(self.stages).to(torch.bfloat16)


@lru_cache(maxsize=3)
def load_backbone(name: Backbone) -> LoadedBackbone:
    """Load a backbone by name, batch norms folded in. Raises UserError where its weights cannot be had."""
    if name == "compact":
        chosen = settings().compact_backbone
        return load_compact(chosen) if chosen else load_compact(BUNDLED, "bundled")
    published = _TORCHVISION[name]
    path, source = _find(name, published)
    trunk = Trunk(64, published.blocks, published.channels, published.bottleneck)
    _load(trunk, _read(path), path)
    return _ready(name, Stages(trunk, nn.Identity(), nn.Identity()), published.channels[1:], path, source)


def load_compact(path: Path, source: str | None = None) -> LoadedBackbone:
    """A compact backbone of any shape from its file. Raises UserError where it is none."""
    try:
        stages, shape = from_weights(_read(path))
    except ValueError as error:
        raise UserError(
            f"The file is not a compact backbone: {error}", str(path), "Name one that was distilled"
        ) from None
    return _ready("compact", stages, shape.outputs, path, source or path.name)


def _ready(name: Backbone, stages: Stages, channels: tuple[int, int], path: Path, source: str) -> LoadedBackbone:
    stages = _fold_batch_norms(stages.eval()).to(memory_format=torch.channels_last)
    return LoadedBackbone(name, stages.requires_grad_(False), channels, _sha256(path), source)


def _load(trunk: Trunk, weights: dict[str, Tensor], path: Path) -> None:
    """Fill the trunk; a published file also holds what lies above it."""
    try:
        result = trunk.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise UserError("The weights do not fit the network", str(path), "Use torchvision's own file") from error
    missing = [key for key in result.missing_keys if not key.endswith("num_batches_tracked")]
    if missing:
        raise UserError(f"The weights lack {missing[0]}", str(path), "Use torchvision's own file")


def _find(name: str, published: _Published) -> tuple[Path, str]:
    """The weights file of a published network: the given folder, torchvision's cache, or a download."""
    folder = settings().weights_dir
    if folder is not None:
        for candidate in (published.filename, f"{name}_{published.version}_to_layer3.safetensors"):
            if (folder / candidate).is_file():
                return folder / candidate, candidate
    cached = Path(torch.hub.get_dir()) / "checkpoints" / published.filename
    if not cached.is_file():
        _download(name, published, cached)
    return cached, published.filename


def _download(name: str, published: _Published, to: Path) -> None:
    """Download in seconds or say so in seconds: torch's own downloader would wait for the system's long time-out."""
    from torchvision.models import get_model_weights

    url = get_model_weights(name)[published.version.upper()].url
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
            f"Put {to.name} into a folder and name it in FAULTLINE_WEIGHTS_DIR, or train on the backbone "
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
