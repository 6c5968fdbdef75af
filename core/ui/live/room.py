"""The live feed of this workspace, opened once for each, and what it is called in words."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.detectors import registry
from core.live.feed import LiveFeed
from core.live.spec import SHORT_NAMES
from core.live.table import State
from core.settings import settings
from core.store.models import ModelRow
from core.streaming.rule import ENSEMBLE
from core.ui import rooms
from core.ui.labels import detector

STATES: dict[State, tuple[str, str, str]] = {  # word, icon, colour. Vermillion is not here: it means anomalous
    "empty": ("Nothing runs", ":material/circle:", "gray"),
    "starting": ("Starting: loading the models", ":material/hourglass_top:", "blue"),
    "running": ("Running", ":material/sensors:", "blue"),
    "waiting": ("Waiting for readings", ":material/hourglass_empty:", "gray"),
    "paused": ("Paused", ":material/pause:", "gray"),
    "stopped": ("Stopped", ":material/stop:", "gray"),
    "finished": ("Replay finished", ":material/check:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "died": ("The monitor's process died", ":material/power_off:", "red"),
}
_BACK = {short: name for name, short in SHORT_NAMES.items()}


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(root: Path) -> LiveFeed:
    return LiveFeed(rooms.workspace())


def live() -> LiveFeed:
    return _open(settings().data_dir)


def judges_readings(model: ModelRow) -> bool:
    """Whether a model can watch a feed."""
    entry = registry.REGISTRY.get(model.detector)
    return entry is not None and entry.modality == "series"


def title(name: str) -> str:
    """What a voice of the feed is called on the page: ``vae`` is the Series VAE, ``kalman-2`` the second Kalman
    filter."""
    if name == ENSEMBLE:
        return "Ensemble"
    base, _, number = name.rpartition("-")
    if base and number.isdigit():
        return f"{detector(_BACK.get(base, base))} {number}"
    return detector(_BACK.get(name, name))
