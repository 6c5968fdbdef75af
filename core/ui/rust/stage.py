"""The stage: one part over time, drawn by the browser itself, so that slider, swipe and layers answer at once.

The pictures are those that the analysis stored at display size; they travel once, as files beside the page. Python
hears of the chosen time and draws what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent
LAYERS = ("none", "rust", "heat")
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True)
class Moment:
    """One time on the stage: ``when`` and ``told`` in words, ``over`` the limit or not, and the stored pictures."""

    when: str
    told: str
    over: bool
    alt: str
    photo: Path
    rust: Path | None
    heat: Path | None


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
        "moments": [_sent(moment, f"{identity}-{k}") for k, moment in enumerate(moments)],
    }
    _renderer()(key=key, data=data, on_time_change=on_time, on_look_change=on_look)


def _sent(moment: Moment, name: str) -> dict[str, Any]:
    pictures = {kind: getattr(moment, kind) for kind in ("photo", "rust", "heat")}
    return {
        "when": moment.when,
        "told": moment.told,
        "over": moment.over,
        "alt": moment.alt,
        **{kind: _address(path, f"{name}-{kind}") for kind, path in pictures.items() if path is not None},
    }


def _address(path: Path, name: str) -> str:
    """The address at which the browser finds a picture: by its content, as with ``st.image``."""
    return st.runtime.get_instance().media_file_mgr.add(str(path), TYPES[path.suffix], f"rust-stage-{name}")
