"""What a distillation is asked to do; free of torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

WEIGHTS, RECORD = "compact_backbone.safetensors", "distilled.json"  # files of a distilled backbone
FEWEST = 24  # different photographs; below, a network would learn them by heart
Loss = Literal["standardised", "distance", "relative", "cosine", "relational"]
Widths = Annotated[int, Field(ge=4, le=256, multiple_of=4)]
Depth = Annotated[int, Field(ge=1, le=6)]


class Architecture(BaseModel):
    """The student: a residual network of basic blocks up to stage 3, with a linear head on stages 2 and 3."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stem: Widths = Field(32, description="channels of the first convolution")
    strided: bool = Field(False, description="a first convolution in steps of four, no pooling: a little quicker")
    blocks: tuple[Depth, Depth, Depth] = Field((2, 2, 2), description="residual blocks of stages 1 to 3")
    widths: tuple[Widths, Widths, Widths] = Field((32, 64, 128), description="channels of stages 1 to 3")
    outputs: tuple[Annotated[int, Field(ge=1, le=128)], Annotated[int, Field(ge=1, le=256)]] = Field(
        (128, 256), description="channels given for stages 2 and 3: below the teacher's, its principal directions"
    )


class Augmentation(BaseModel):
    """How a photograph becomes a training crop: the shares of crops that are changed in each way, and how far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    crop: tuple[float, float] = Field((0.35, 1.0), description="side of a crop as a share of the shorter side")
    zoom: float = Field(0.25, ge=0, le=1, description="crops enlarged strongly, which makes textures of objects")
    zoom_crop: tuple[float, float] = Field((0.12, 0.35), description="side of such a crop")
    grey: float = Field(0.35, ge=0, le=1)
    contrast: float = Field(0.4, ge=0, le=1, description="brightness and contrast change by a factor up to exp(±this)")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for low, high in (self.crop, self.zoom_crop):
            if not 0 < low <= high <= 1:
                raise ValueError(f"a crop from {low:g} to {high:g} of the side is not a range within 0 to 1")
        return self


class DistillConfig(BaseModel):
    """A whole distillation. The same configuration, photographs and teacher give the same weights on one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    architecture: Architecture = Architecture()
    augmentation: Augmentation = Augmentation()
    textures: float = Field(0.3, ge=0, le=1, description="share of crops that are drawn surfaces, no photographs")
    start: Literal["bundled", "random"] = Field(
        "bundled", description="from the weights in use, as far as the shapes are alike, or from nothing"
    )
    norms: Literal["learnt", "frozen"] = Field(
        "frozen", description="batch norms follow the batches, or keep the statistics that training begins with"
    )
    loss: Loss = Field("distance", description="see core.features.distill.losses")
    steps: int = Field(20_000, ge=1, le=10_000_000)
    batch_size: int = Field(24, ge=2, le=1024)
    size: int = Field(160, ge=64, le=512, multiple_of=16, description="pixels a side of a training crop")
    learning_rate: float = Field(2e-4, gt=0, le=1, description="from random weights ten times as much")
    weight_decay: float = Field(1e-4, ge=0, le=1)
    warm_up: int = Field(200, ge=0, description="steps over which the learning rate rises")
    averaging: float = Field(0.998, ge=0, lt=1, description="decay of the running mean of the weights that is kept")
    seed: int = Field(0, ge=0, le=2**32 - 1)
    device: Literal["cpu", "cuda"] = "cpu"

    @model_validator(mode="after")
    def _norms_have_statistics(self) -> Self:
        if self.norms == "frozen" and self.start == "random":
            raise ValueError("random weights have no statistics to freeze: let the norms be learnt")
        return self
