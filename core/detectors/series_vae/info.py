"""The VAE over windows of sensors for the registry: free of torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.detectors.base import DetectorInfo, Params

Encoder = Literal["cnn", "transformer"]
Error = Literal["nll", "mse", "mae"]

STRIDE = 16  # the convolutions shorten a window to so many times less


class SeriesVaeParams(Params):
    window: int = Field(
        64, ge=16, le=512, multiple_of=STRIDE, title="Window", description="steps that are redrawn together"
    )
    encoder: Encoder = Field(
        "cnn", title="Encoder", description="cnn: strided convolutions; transformer: attention over patches of 4 steps"
    )
    error: Error = Field(
        "nll",
        title="Error measure",
        description="nll: in the light of each sensor's learned scale; mse, mae: squared or absolute, all alike",
    )
    latent: int = Field(16, ge=1, le=256, title="Latent numbers", description="size of the code z")
    width: int = Field(
        32, ge=8, le=256, multiple_of=8, title="Width", description="channels of the first layer; the last has twice"
    )
    kl_weight: float = Field(
        1.0, ge=0, le=1000, title="KL weight in the score", description="1: as in the evidence lower bound"
    )
    horizon: int = Field(
        0, ge=0, le=64, title="Forecast", description="steps ahead that are forecast and judged as well; 0: none"
    )
    forecast_weight: float = Field(
        1.0, ge=0, le=100, title="Forecast weight", description="of the forecast's error beside the reconstruction's"
    )
    pretraining: float = Field(
        0.0,
        ge=0,
        le=0.9,
        title="Pretraining",
        description="share of the optimisation steps spent on guessing hidden stretches of the signals first",
    )
    beta: float = Field(1.0, ge=0, le=100, title="KL weight β", description="in training; higher: smoother, less exact")
    warm_up: float = Field(
        0.2, ge=0, le=1, title="KL warm-up", description="share of training over which β grows from zero"
    )
    free_bits: float = Field(
        0.05, ge=0, le=5, title="Free bits", description="nats that each latent number may carry without a price"
    )
    scale_floor: float = Field(
        0.05, gt=0, le=1, title="Least scale", description="of a sensor, in its usual spreads, however exactly redrawn"
    )
    steps: int = Field(
        1500,
        ge=1,
        le=1_000_000,
        title="Work limit",
        description="optimisation steps, at most; early stopping ends sooner",
    )
    batch_size: int = Field(128, ge=2, le=4096, title="Batch size", description="windows per optimisation step")
    learning_rate: float = Field(
        2e-3, gt=0, le=0.1, title="Learning rate", description="of Adam at the start; falls to zero along a cosine"
    )
    patience: int = Field(
        8, ge=1, le=1000, title="Patience", description="checks of held-out normals without progress before stopping"
    )


INFO = DetectorInfo(
    name="series-vae",
    title="Series VAE",
    modality="series",
    summary="Redraws all sensors over a window from a few numbers: sees broken correlations, names the sensor at once.",
    paper="Auto-Encoding Variational Bayes (Kingma & Welling, ICLR 2014, arXiv:1312.6114)",
    params=SeriesVaeParams,
    implementation="core.detectors.series_vae.detector:SeriesVae",
    presets={
        "degradation": {"horizon": 8},
        "transformer": {"encoder": "transformer", "width": 64},
    },
)
