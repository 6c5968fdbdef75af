"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, or is drawn, depends on what else the machine does; pytest-timeout stops what hangs. The
# examples of a test are always the same ones, so that a change is what makes it fail; with the option
# ``--hypothesis-profile=search`` they are others each time.
STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("faultline", STEADY, derandomize=True, database=None)
settings.register_profile("search", STEADY)
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
