"""USAD for the registry: free of torch."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class UsadParams(Params):
    window: int = Field(12, ge=2, le=256, title="Window", description="steps that are redrawn together")
    latent: int = Field(32, ge=1, le=512, title="Latent numbers", description="size of the code between the layers")
    alpha: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Weight α",
        description="of the plain error; the rest, β, weighs the error after two redrawings: lower is more sensitive",
    )
    epochs: int = Field(
        10, ge=1, le=1000, title="Epochs", description="at most; the adversarial share grows as 1 - 1/epoch"
    )
    epoch_steps: int = Field(
        400, ge=1, le=100_000, title="Steps per epoch", description="optimisation steps of both autoencoders"
    )
    patience: int = Field(
        2,
        ge=1,
        le=1000,
        title="Patience",
        description="epochs that may pass without lower held-out scores",
    )
    batch_size: int = Field(256, ge=2, le=8192, title="Batch size", description="windows per optimisation step")
    learning_rate: float = Field(1e-3, gt=0, le=0.1, title="Learning rate", description="of Adam")


INFO = DetectorInfo(
    name="usad",
    title="USAD",
    modality="series",
    summary="Two autoencoders, one trained to see through the other: quick to train, sensitive to small departures.",
    paper="USAD: UnSupervised Anomaly Detection on Multivariate Time Series (Audibert et al., KDD 2020, "
    "doi:10.1145/3394486.3403392)",
    params=UsadParams,
    implementation="core.detectors.usad.detector:Usad",
)
