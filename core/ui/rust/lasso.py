"""A photograph to draw on: a region that was circled comes back as a polygon in fractions of width and height."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.severity.correction import Polygon

HERE = Path(__file__).parent


@st.cache_resource(max_entries=1, show_spinner=False)
def _renderer() -> ComponentRenderer:
    html, css, js = ((HERE / f"lasso.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("faultline_rust_lasso", html=html, css=css, js=js)


def show(jpeg: bytes, *, alt: str, adds: bool, key: str) -> Polygon | None:
    """The picture; the polygon in the run after one was drawn, else None. ``adds`` gives the line its colour."""
    address = st.runtime.get_instance().media_file_mgr.add(jpeg, "image/jpeg", f"rust-lasso-{key}")
    data = {"picture": address, "alt": alt, "adds": adds}
    found = _renderer()(key=key, data=data, on_drawn_change=lambda: None).get("drawn")
    return polygon(found)


def polygon(sent: object) -> Polygon | None:
    """What a browser sent, if it is a polygon: anything can be sent."""
    if not isinstance(sent, list) or not 3 <= len(sent) <= 2000:
        return None
    try:
        points = tuple((float(x), float(y)) for x, y in sent)
    except (TypeError, ValueError):
        return None
    inside = all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points)
    return points if inside else None
