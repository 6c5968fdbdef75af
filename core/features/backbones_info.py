"""Names of the backbones, free of torch."""

from __future__ import annotations

from typing import Literal

from core.settings import PROJECT

BUNDLED = PROJECT / "assets" / "compact_backbone.safetensors"
CARD = PROJECT / "assets" / "compact_backbone.md"

Backbone = Literal["compact", "resnet18", "wide_resnet50_2"]

TITLES: dict[Backbone, str] = {
    "compact": "Compact (bundled)",
    "resnet18": "ResNet-18",
    "wide_resnet50_2": "WideResNet-50-2",
}
