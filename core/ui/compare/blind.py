"""Where each detector is blind: recall by kind and by size of the defect."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare import groups
from core.compare.groups import GroupRecall
from core.ui import blocks
from core.ui.compare.compared import Compared


def show(found: Compared) -> None:
    """By class; by size where there are masks."""
    own = groups.recall_by_class(found.side, found.now.rate)
    if not own:
        st.caption("Recall needs anomalous parts among those that are counted.")
        return
    blocks.headed(
        "By class of defect",
        "Share of each class's parts that each detector calls bad at its own limit, with 95 % intervals (Wilson).",
        "A class on which all markers lie low is hard for everybody: more data or another view of the part may help. "
        "Where they lie apart, one detector sees what others do not.",
        "A class of few parts has wide intervals; intervals that overlap settle nothing.",
    )
    blocks.plot(_figure(found.key, "class", own, found), key="by-class", alt=_alt(found, own))


def _alt(found: Compared, own: Sequence[GroupRecall]) -> str:
    return "; ".join(
        f"{group.name}: " + ", ".join(f"{name} {r:.0%}" for name, r in zip(found.now.names, group.recall, strict=True))
        for group in own
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, kind: str, _own: Sequence[GroupRecall], _found: Compared) -> go.Figure:
    return versus.grouped([(one.name, one.n, one.recall, one.ci95) for one in _own], _found.now.names)
