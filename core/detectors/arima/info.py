"""ARIMA for the registry: free of statsmodels."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class ArimaParams(Params):
    max_p: int = Field(
        3, ge=0, le=8, title="Most lags", description="of the readings; the best order up to it is taken"
    )
    max_d: int = Field(1, ge=0, le=1, title="Most differences", description="0 where no sensor wanders")
    max_q: int = Field(2, ge=0, le=8, title="Most past errors", description="of the predictions")


INFO = DetectorInfo(
    name="arima",
    title="ARIMA",
    modality="series",
    summary="Every sensor predicted from its own past: jumps and spikes at the step they happen, one sensor at a time.",
    paper="Time Series Analysis: Forecasting and Control (Box and Jenkins, 1970); orders by Recursive estimation of "
    "mixed autoregressive-moving average order (Hannan and Rissanen, Biometrika 69, 1982)",
    params=ArimaParams,
    implementation="core.detectors.arima.detector:Arima",
)
