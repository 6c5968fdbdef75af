"""What a person chooses for an analysis of rust. Shares are fractions, times hours."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RustSettings(BaseModel):
    """Everything but the photographs and their corrections; the same settings give the same result.

    Raises pydantic's ValidationError for values that mean nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    measures: tuple[str, ...] | None = Field(None, description="names of the measures to take; None takes all")
    rust_measure: str = Field("colour", description="the measure that grades, status and forecast follow")
    side: int = Field(960, ge=160, le=4096, description="pixels of the longest side at which photographs are measured")
    limit: float = Field(
        0.08, gt=0, lt=1, description="rusted share whose crossing is forecast; 8 % is where Ri 5 begins"
    )
    horizon_hours: float | None = Field(
        None, gt=0, description="how far beyond the last photograph to look; None is twice the time observed so far"
    )
    rate_limit_per_day: float | None = Field(None, gt=0, description="alert when the share grows faster than this")
    actions: tuple[str, str, str, str, str, str] | None = Field(
        None, description="what to do at Ri 0 to Ri 5; None takes the table that comes with Faultline"
    )
    resamples: int = Field(600, ge=100, le=10_000, description="of the bootstrap behind the forecast")
    seed: int = Field(0, ge=0, description="of the bootstrap, and of what the measures learn")
