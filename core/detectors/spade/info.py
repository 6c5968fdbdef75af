"""SPADE for the registry: free of torch."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params
from core.features.backbones_info import Backbone


class SpadeParams(Params):
    backbone: Backbone = Field(
        "compact", title="Backbone", description="network whose features are compared; ResNets as trained on ImageNet"
    )
    image_size: int = Field(256, ge=64, le=1024, multiple_of=32, title="Image size", description="pixels a side")
    neighbours: int = Field(
        20, ge=1, le=50, title="Neighbours", description="most similar normal images that a part is compared with"
    )


INFO = DetectorInfo(
    name="spade",
    title="SPADE",
    modality="image",
    summary="Compares a part with its most similar good photographs: no training, slow to score.",
    paper="Sub-Image Anomaly Detection with Deep Pyramid Correspondences (Cohen & Hoshen, 2020, arXiv:2005.02357)",
    params=SpadeParams,
    implementation="core.detectors.spade.detector:Spade",
    refit_is_cheap=True,
)
