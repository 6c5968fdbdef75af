"""The two limits set now: the model's promise at first, then the user's; in the URL once they are moved."""

from __future__ import annotations

import math

import streamlit as st

from core.ui.inspect.scored import Scored
from core.ui.verdicts import Limits, default_limits

PARAM = "limits"  # in the URL: model:review:reject
_KEPT, _SOURCE = "_limits", "_limits_source"
BY_HAND = "set by hand"


def current(scored: Scored) -> Limits:
    """The limits of the link, else those that this session set for the model, else its defaults."""
    asked = parse(st.query_params.get(PARAM), scored.model.id)
    if asked is not None:
        _kept()[scored.model.id] = asked
        return asked
    found = _kept().get(scored.model.id)
    _write(scored.model.id, found)
    return found or default_limits(scored.calibration)


def of(scored: Scored) -> Limits:
    """The limits that this session has for a model, whatever the link says."""
    return _kept().get(scored.model.id) or default_limits(scored.calibration)


def put(scored: Scored, limits: Limits | None, source: str = BY_HAND) -> None:
    """Move the limits; None brings the defaults back. ``source`` says in words where they come from."""
    if limits is None:
        _kept().pop(scored.model.id, None)
    else:
        _kept()[scored.model.id] = limits
    st.session_state.setdefault(_SOURCE, {})[scored.model.id] = source
    _write(scored.model.id, limits)


def moved(scored: Scored) -> bool:
    """Whether the limits are other than the defaults."""
    return _kept().get(scored.model.id) is not None


def source(scored: Scored) -> str:
    """Where moved limits come from, in words."""
    return str(st.session_state.get(_SOURCE, {}).get(scored.model.id, "from the link"))


def parse(text: str | None, model_id: str) -> Limits | None:
    """The limits in a link; None where it holds none, another model's, or no sensible ones."""
    parts = (text or "").split(":")
    if len(parts) != 3 or len(parts[0]) < 8 or not model_id.startswith(parts[0]):
        return None
    try:
        review, reject = float(parts[1]), float(parts[2])
    except ValueError:
        return None
    return Limits(review, reject) if math.isfinite(review) and math.isfinite(reject) and review <= reject else None


def _kept() -> dict[str, Limits]:
    kept: dict[str, Limits] = st.session_state.setdefault(_KEPT, {})
    return kept


def _write(model_id: str, limits: Limits | None) -> None:
    if limits is None:
        st.query_params.pop(PARAM, None)
    else:
        st.query_params[PARAM] = f"{model_id[:8]}:{limits.review!r}:{limits.reject!r}"
