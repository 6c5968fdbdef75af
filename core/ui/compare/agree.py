"""How far the detectors say the same, whatever the truth is."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare import disagreements
from core.ui import blocks
from core.ui.compare.compared import Compared

KINDS = {
    "Verdicts (kappa)": ("kappa", ".2f"),
    "Ranking (Spearman)": ("spearman", ".2f"),
    "Same verdict": ("same", ".0%"),
}


def show(found: Compared) -> None:
    """The matrix, by the measure that is chosen."""
    blocks.headed(
        "Agreement",
        "How alike each two detectors judge: Cohen's kappa of their verdicts (agreement beyond chance, 1 is full), "
        "Spearman's correlation of their rankings, or the plain share of parts with the same verdict.",
        "Detectors that agree little and are both good make a good pair to watch together; two that agree fully are "
        "one too many.",
        "Agreement says nothing of who is right. Kappa is not defined (–) where both give everything one verdict.",
    )
    kind = st.segmented_control(
        "Measure", list(KINDS), default="Verdicts (kappa)", required=True, key="measure", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    name, form = KINDS[kind or "Verdicts (kappa)"]
    left, _ = st.columns([3, 2])
    with left:
        blocks.plot(_figure(found.key, name, form, found), key="agreement", alt=f"{kind} of each two detectors")


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, name: str, form: str, _found: Compared) -> go.Figure:
    agreed = disagreements.agreement(_found.side, _found.now.rate)
    return versus.matrix(getattr(agreed, name), _found.now.names, form=form)
