"""The stage: one part over time, drawn by the browser itself, so that slider, swipe and layers answer at once.

The pictures are those that the analysis stored at display size; they travel once, as files beside the page. What
follows from a time (curve, gauge, words) is sent for all times; Python only hears what was chosen, for the URL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.severity.types import Status

HERE = Path(__file__).parent
LAYERS = ("none", "rust", "heat")
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True)
class Facts:
    """What is told beside the picture of one time; empty text is left out. ``curve`` and ``gauge`` are SVG.

    ``alerts`` are sentences, each with whether it is certain; ``status`` is shown with the last time only.
    """

    words: str
    line: str
    curve: str
    gauge: str
    health: str
    alerts: Sequence[tuple[bool, str]]
    action: str
    forecast: str = ""
    sure: str = ""
    status: Status | None = None
    status_word: str = ""
    status_says: str = ""


@dataclass(frozen=True)
class Moment:
    """One time on the stage: ``when`` and ``told`` in words, ``over`` the limit or not, the stored pictures, and a
    ``note`` on what was odd about the photograph."""

    when: str
    told: str
    over: bool
    alt: str
    photo: Path
    rust: Path | None
    heat: Path | None
    note: str
    facts: Facts


@st.cache_resource(max_entries=1, show_spinner=False)
def _renderer() -> ComponentRenderer:
    html, css, js = ((HERE / f"stage.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("faultline_rust_stage", html=html, css=css, js=js)


def show(
    moments: Sequence[Moment],
    size: tuple[int, int],
    *,
    identity: str,
    start: int,
    layer: str,
    swipe: bool,
    on_time: Callable[[], None],
    on_look: Callable[[], None],
    key: str,
) -> None:
    """The stage for ``moments`` of pictures (width, height) in ``size``, at first at time number ``start``.

    The component's state under ``key`` holds ``time`` and ``look``; the callbacks run when the user changes them.
    ``identity`` changes when another story is to be shown.
    """
    data = {
        "id": identity,
        "width": size[0],
        "height": size[1],
        "start": start,
        "layer": layer,
        "swipe": swipe,
        "moments": [_sent(moment, f"{key}-{k}") for k, moment in enumerate(moments)],
    }
    _renderer()(key=key, data=data, on_time_change=on_time, on_look_change=on_look)


def _sent(moment: Moment, name: str) -> dict[str, Any]:
    facts, pictures = moment.facts, {kind: getattr(moment, kind) for kind in ("photo", "rust", "heat")}
    return {
        "when": moment.when,
        "told": moment.told,
        "over": moment.over,
        "alt": moment.alt,
        "note": moment.note,
        **{kind: _address(path, f"{name}-{kind}") for kind, path in pictures.items() if path is not None},
        **{name: getattr(facts, name) for name in ("words", "line", "curve", "gauge", "health", "action")},
        "forecast": facts.forecast,
        "sure": facts.sure,
        "alerts": [{"certain": certain, "text": text} for certain, text in facts.alerts],
        "status": {"name": facts.status or "", "word": facts.status_word, "says": facts.status_says},
    }


def _address(path: Path, name: str) -> str:
    """The address at which the browser finds a picture: by its content, as with ``st.image``."""
    return st.runtime.get_instance().media_file_mgr.add(str(path), TYPES[path.suffix], f"rust-stage-{name}")
