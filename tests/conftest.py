"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does; pytest-timeout stops what hangs.
settings.register_profile("faultline", deadline=None)
settings.load_profile("faultline")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """The folder of real reference data, kept beside the project; its tests skip where it is absent."""
    folder = SHARED / "datasets"
    if not folder.is_dir():
        pytest.skip(f"the real reference data is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def imagenet_weights() -> Path:
    """The folder that holds torchvision's ImageNet ResNet-18 features."""
    folder = SHARED / "weights"
    if not (folder / "resnet18_imagenet1k_v1_to_layer3.safetensors").is_file():
        pytest.skip(f"no ImageNet weights at {folder}")
    return folder
