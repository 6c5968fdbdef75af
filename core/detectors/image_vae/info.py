"""The convolutional VAE for the registry: free of torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.detectors.base import DetectorInfo, Params

Measure = Literal["l1", "multi-scale", "ssim", "multi-scale+ssim"]


COLLAPSED = 5  # active units at or below which the code is called collapsed


class ImageVaeParams(Params):
    epochs: int = Field(
        300, ge=1, le=5000, title="Epochs", description="at most; early stopping and the work limit end sooner"
    )
    measure: Measure = Field(
        "multi-scale",
        title="Error measure",
        description=(
            "l1: plain difference; multi-scale: differences after blurs of growing width; ssim: local structure"
        ),
    )
    smoothing: float = Field(
        4.0, ge=0, le=20, title="Smoothing", description="sigma of the Gaussian over the map, pixels at size 256"
    )
    beta: float = Field(
        1.0, ge=0, le=100, title="KL weight β", description="higher: smoother latent space, less detail"
    )
    image_passes: int = Field(
        16_000,
        ge=1,
        le=10_000_000,
        title="Work limit",
        description="images shown to the network over all epochs, at most (about 60 a second on two cores)",
    )
    batch_size: int = Field(16, ge=2, le=256, title="Batch size", description="images per optimisation step")
    learning_rate: float = Field(
        1e-3, gt=0, le=0.1, title="Learning rate", description="of Adam at the start; falls to zero along a cosine"
    )
    warm_up: float = Field(
        0.1, ge=0, le=1, title="KL warm-up", description="share of training over which the KL weight grows from zero"
    )
    patience: int = Field(
        8, ge=1, le=1000, title="Patience", description="checks of held-out normals without progress before stopping"
    )
    augmentation: bool = Field(
        True, title="Augmentation", description="shift by a few pixels and vary the brightness while training"
    )
    latent: int = Field(512, ge=2, le=2048, title="Latent numbers", description="size of the code z")
    width: int = Field(
        16,
        ge=4,
        le=128,
        multiple_of=4,
        title="Width",
        description="channels of the first layer; the last has four times",
    )


INFO = DetectorInfo(
    name="image-vae",
    title="Convolutional VAE",
    modality="image",
    summary="Redraws the part from 512 numbers: shows what it expected to see, and where it differs.",
    paper="Auto-Encoding Variational Bayes (Kingma & Welling, ICLR 2014, arXiv:1312.6114)",
    params=ImageVaeParams,
    implementation="core.detectors.image_vae.detector:ImageVae",
)
