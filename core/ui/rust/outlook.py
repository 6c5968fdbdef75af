"""The forecast of a part for the limit and horizon that are chosen on the page: judged anew, nothing is seen again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from core.severity import forecast
from core.severity.settings import RustSettings
from core.severity.types import PartResult


@dataclass(frozen=True)
class Rules:
    """What the presenter chooses: ``limit`` as a fraction, ``horizon`` in hours beyond the last photograph or None for
    twice the time observed, ``rate`` as a fraction a day or None."""

    limit: float
    horizon: float | None
    rate: float | None


def rules(settings: RustSettings) -> Rules:
    """The inputs, at first as the analysis was asked for; they are in the URL."""
    with st.popover("Limit, horizon, alert", icon=":material/tune:"):
        limit = st.number_input(
            "Limit, % of the surface", 0.01, 99.0, 100 * settings.limit, 1.0, key="limit", format="%.4g",
            bind="query-params",
            help="Pictures of ISO 4628-3: Ri 2 0.5\u00a0%, Ri 3 1\u00a0%, Ri 4 8\u00a0%, Ri 5 40\u00a0%.",
        )  # fmt: skip
        days = st.number_input(
            "Horizon, days", 0.0, 36500.0, (settings.horizon_hours or 0.0) / 24, 1.0, key="horizon", format="%.4g",
            bind="query-params", help="How far beyond the last photograph to look. 0: twice the time observed so far.",
        )  # fmt: skip
        points = st.number_input(
            "Alert above, points a day", 0.0, 100.0, 100 * (settings.rate_limit_per_day or 0.0), 0.5, key="rate",
            format="%.4g", bind="query-params", help="Speak up when the rusted share grows faster. 0: never.",
        )  # fmt: skip
    return Rules((limit or 0.01) / 100, (days or 0) * 24 or None, (points or 0) / 100 or None)


def under(result: PartResult, chosen: Rules, settings: RustSettings, identity: str) -> PartResult:
    """The part as it stands under the chosen rules; ``identity`` names the analysis."""
    return _under(identity, result.part, chosen.limit, chosen.horizon, result, settings)


@st.cache_resource(max_entries=64, show_spinner=False)
def _under(
    identity: str, part: str, limit: float, horizon: float | None, _result: PartResult, _settings: RustSettings
) -> PartResult:
    curve = _result.rust
    beyond = horizon or max(2 * (curve.hours[-1] - curve.hours[0]), 24.0)
    grown = forecast.grow(curve, resamples=_settings.resamples, seed=_settings.seed)
    found = forecast.crossing(curve, grown, limit=limit, horizon=beyond, seed=_settings.seed)
    return replace(_result, forecast=found, fan=forecast.fan(curve, grown, beyond) if grown else None)
