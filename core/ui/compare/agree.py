"""How far the detectors say the same, whatever the truth is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.datasets.wording import percent
from core.ui import blocks
from core.ui.compare import told as telling
from core.ui.compare.told import Told

KINDS: dict[str, tuple[str, Callable[[float], str]]] = {
    "Verdicts (kappa)": ("kappa", "{:.2f}".format),
    "Ranking (Spearman)": ("spearman", "{:.2f}".format),
    "Same verdict": ("same", partial(percent, decimals=0)),
}


def show(told: Told) -> None:
    """The matrix, by the measure that is chosen."""
    what = "parts" if told.over_images else "steps"
    rare = (
        "" if told.over_images else " Most steps alarm nobody, so the plain share is near 100\u00a0% whatever they do."
    )
    blocks.headed(
        "Agreement",
        "How alike each two detectors judge: Cohen's kappa of their verdicts (agreement beyond chance, 1 is full), "
        f"Spearman's correlation of their rankings, or the plain share of {what} with the same verdict.",
        "Detectors that agree little and are both good make a good pair to watch together; two that agree fully are "
        "one too many.",
        "Agreement says nothing of who is right. Kappa is not defined (–) where both give everything one verdict."
        + rare,
    )
    kind = st.segmented_control(
        "Measure", list(KINDS), default="Verdicts (kappa)", required=True, key="measure", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    left, _ = st.columns([3, 2])
    with left:
        blocks.plot(
            _figure(told.key, kind or "Verdicts (kappa)", told), key="agreement", alt=f"{kind} of each two detectors"
        )


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, kind: str, _told: Told) -> go.Figure:
    name, form = KINDS[kind]
    return versus.matrix(getattr(telling.agreement(_told), name), _told.now.brief, form=form)
