"""Kalman for the registry: free of statsmodels."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class KalmanParams(Params):
    model: Literal["level", "trend"] = Field(
        "level", title="Model", description="a level that wanders, or one with a slope that wanders too"
    )
    gate: float = Field(
        25.0, ge=1, le=1e6, title="Gate", description="a reading more surprising (NIS) does not move the level"
    )
    patience: int = Field(
        100, ge=1, le=1_000_000, title="Patience", description="gated steps in a row until a new level is accepted"
    )


INFO = DetectorInfo(
    name="kalman",
    title="Kalman filter",
    modality="series",
    summary="Every sensor against its own level: keeps alarming while a fault lasts, copes with missing readings.",
    paper="Forecasting, Structural Time Series Models and the Kalman Filter (Harvey, 1989); A New Approach to Linear "
    "Filtering and Prediction Problems (Kalman, 1960)",
    params=KalmanParams,
    implementation="core.detectors.kalman.detector:Kalman",
)
