"""PaDiM for the registry: free of torch."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params
from core.features.backbones_info import Backbone


class PadimParams(Params):
    backbone: Backbone = Field(
        "compact", title="Backbone", description="network whose features are compared; ResNets as trained on ImageNet"
    )
    image_size: int = Field(256, ge=64, le=1024, multiple_of=32, title="Image size", description="pixels a side")
    dimensions: int = Field(100, ge=8, le=448, title="Dimensions", description="random feature channels kept")
    shrinkage: float = Field(
        0.01, gt=0, le=1, title="Regularisation", description="added to each covariance's diagonal, share of its mean"
    )


INFO = DetectorInfo(
    name="padim",
    title="PaDiM",
    modality="image",
    summary="One Gaussian per position: quick, small, for parts that always lie the same way.",
    paper="PaDiM: a Patch Distribution Modeling Framework (Defard et al., ICPR 2021, arXiv:2011.08785)",
    params=PadimParams,
    implementation="core.detectors.padim.detector:Padim",
    refit_is_cheap=True,
)
