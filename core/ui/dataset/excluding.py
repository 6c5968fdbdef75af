"""The switch that keeps a training image from being learned as normal."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.ui import rooms


def switch(dataset_id: str, name: str, excluded: Collection[str], *, place: str, label: str = "Use") -> None:
    """On while the image may be learned from. ``place`` tells switches of the same image apart."""
    key = f"{place}-{dataset_id[:8]}-{name}"
    st.session_state[key] = name not in excluded
    st.toggle(label, key=key, on_change=_switched, args=(dataset_id, name, key))


def _switched(dataset_id: str, name: str, key: str) -> None:
    rooms.datasets().set_excluded(dataset_id, [name], not st.session_state[key])
