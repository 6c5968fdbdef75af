"""PatchCore for the registry: free of torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from core.detectors.base import DetectorInfo, Params
from core.features.backbones_info import Backbone

SMALLEST, LARGEST = 64, 1024  # pixels a side at which a network looks
FEWEST = 50  # patches of a bank
ROWS_AN_IMAGE, FEWEST_ROWS, MOST_ROWS = 40, 12_000, 32_000  # of a bank whose size nobody gave
NARROWEST = 0.02  # share of an image's side that a region of interest may be


def chosen_bank_size(images: int) -> int:
    """Rows for so many different images: more of them show more variety. Few have room for more than they need."""
    return min(max(ROWS_AN_IMAGE * images, FEWEST_ROWS), MOST_ROWS)


class PatchCoreParams(Params):
    backbone: Backbone = Field(
        "compact",
        title="Backbone",
        description="network whose patch features are compared; ResNets as trained on ImageNet",
    )
    image_size: int = Field(
        0,
        ge=0,
        le=LARGEST,
        multiple_of=32,
        title="Image size",
        description="pixels a side at which an image, or a tile of it, is seen; 0 chooses by the training images' size",
    )
    layers: Literal["2", "3", "2+3"] = Field("2+3", title="Layers", description="ResNet stages whose features are used")
    neighbourhood: int = Field(3, ge=1, le=9, title="Neighbourhood", description="patches a side averaged into one")
    centre: float = Field(
        0.33,
        ge=0,
        le=1,
        title="Centre",
        description="weight of a patch itself against its neighbourhood's mean; more finds finer defects",
    )
    dimensions: int = Field(
        192, ge=0, le=1536, title="Dimensions", description="principal components kept of each patch; 0 keeps them all"
    )
    normalise: bool = Field(False, title="L2-normalise", description="compare directions only (cosine distance)")
    sampling: Literal["coreset", "random"] = Field(
        "coreset", title="Bank", description="how the memory bank is drawn from all normal patches"
    )
    bank_size: int = Field(
        0,
        ge=0,
        le=200_000,
        title="Bank size",
        description=f"patches remembered; 0 chooses by the number of training images, {FEWEST_ROWS:,} to {MOST_ROWS:,}",
        json_schema_extra={"step": 1000},
    )
    neighbours: int = Field(1, ge=1, le=50, title="Neighbours K", description="bank distances averaged for each patch")
    pooling: Literal["max", "top-k"] = Field(
        "top-k", title="Image score", description="the map's maximum, or the mean of its k highest patches"
    )
    top_k: int = Field(10, ge=1, le=1000, title="k of top-k", description="patches averaged into the image score")
    smoothing: float = Field(
        4.0, ge=0, le=20, title="Smoothing", description="sigma of the Gaussian over the map, pixels at size 256"
    )
    tile: int = Field(
        0,
        ge=0,
        le=4096,
        title="Tile",
        description="large images are judged in overlapping tiles of so many of their own pixels a side; 0 takes them "
        "whole",
    )
    left: float = Field(
        0.0, ge=0, le=1, title="Region, left", description="where the part that is looked at begins, in widths"
    )
    top: float = Field(0.0, ge=0, le=1, title="Region, top", description="where it begins, in heights")
    right: float = Field(
        1.0, ge=0, le=1, title="Region, right", description="where it ends, in widths; nothing outside is judged"
    )
    bottom: float = Field(1.0, ge=0, le=1, title="Region, bottom", description="where it ends, in heights")

    @field_validator("image_size", "tile")
    @classmethod
    def _large_enough(cls, value: int) -> int:
        if 0 < value < SMALLEST:
            raise PydanticCustomError("too_small", f"give 0 or at least {SMALLEST} pixels")
        return value

    @field_validator("bank_size")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < FEWEST:
            raise PydanticCustomError("too_few", f"give 0 or at least {FEWEST} patches")
        return value

    @field_validator("tile")
    @classmethod
    def _not_blown_up(cls, value: int, checked: ValidationInfo) -> int:
        # A large image would be enlarged as a whole, beyond any memory.
        if 0 < 2 * value < checked.data.get("image_size", 0):
            raise PydanticCustomError("blown_up", "a tile has at least half of the image size")
        return value

    @field_validator("right", "bottom")
    @classmethod
    def _wide_enough(cls, value: float, checked: ValidationInfo) -> float:
        start = checked.data.get({"right": "left", "bottom": "top"}[str(checked.field_name)], 0.0)
        if value - start < NARROWEST:
            raise PydanticCustomError("narrow", f"a region ends at least {NARROWEST:g} beyond where it begins")
        return value


INFO = DetectorInfo(
    name="patchcore",
    title="PatchCore",
    modality="image",
    summary="Compares every patch with a memory of good ones: accurate from few images, trains in seconds.",
    paper="Towards Total Recall in Industrial Anomaly Detection (Roth et al., CVPR 2022, arXiv:2106.08265)",
    params=PatchCoreParams,
    implementation="core.detectors.patchcore.detector:PatchCore",
    presets={
        "paper": {
            "backbone": "resnet18",
            "image_size": 224,
            "layers": "3",
            "neighbourhood": 1,
            "centre": 0.0,
            "dimensions": 0,
            "normalise": True,
            "sampling": "random",
            "bank_size": 20_000,
            "neighbours": 5,
            "pooling": "top-k",
            "smoothing": 0.0,
        }
    },
    unsaid={"centre": 0.0},
    refit_is_cheap=True,
)
