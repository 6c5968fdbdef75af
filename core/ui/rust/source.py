"""Ways to bring photographs over time in, and the table of which shows what, from which the analysis starts."""

from __future__ import annotations

import time
from typing import Literal

import streamlit as st

from core.datasets.wording import count
from core.severity.settings import RustSettings
from core.ui import blocks, errors, rooms
from core.ui.dataset import drops, uploads
from core.ui.rust import choices, sending, table

DROP = "rust-drop"
DROPS: dict[str, tuple[list[str] | None, bool | Literal["directory"]]] = {  # types taken, whether several
    "Photographs": (drops.IMAGES, True),
    "Folder": (None, "directory"),
    "Zip": (["zip"], False),
}
WAYS = (*DROPS, "Path")  # named as in the URL


def ways() -> None:
    """The form of the chosen way; a drop is taken in at once."""
    with st.container(border=True, key="rust-source"), errors.shown():
        st.subheader("Photographs of a part over time", anchor=False)
        way = st.segmented_control(
            "Bring in", WAYS, default=WAYS[0], required=True, key="from", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        if way == "Path":
            _path()
        else:
            _drop(way or WAYS[0])
        st.caption(
            "Part, time and view are read from the names, as in `bolt-T24-left.jpg` (hours), `bolt week 2.jpg` or "
            "`bolt 2026-11-22.jpg`, else from the camera's clock. You can correct them before anything is analysed."
        )


def _drop(way: str) -> None:
    types, multiple = DROPS[way]
    files = drops.field(DROP, "One or several parts, at two or more times", types=types, multiple=multiple)
    if files:
        with drops.taking(DROP):
            folder = uploads.keep(files, rooms.workspace())
            sending.take_in(sending.kept(folder), _called(files))


def _path() -> None:
    with st.form("rust-path", border=False):
        typed = st.text_input(
            "Folder or zip on the server",
            placeholder=f"{uploads.roots()[0]}/fasteners",
            help=f"Below {', '.join(f'`{root}`' for root in uploads.roots())}. Nothing is changed there.",
        )
        go = st.form_submit_button("Read the photographs", type="primary")
    if go:
        path = uploads.allowed_path(typed)
        sending.take_in({"archive" if path.is_file() else "path": str(path)}, path.stem)


def _called(files: list[uploads.Upload]) -> str:
    """A name for what was dropped: the folder's or the zip's, or the day."""
    first = uploads.safe_parts(files[0].name)
    if len(first) > 1 or first[0].lower().endswith(".zip"):
        return first[0].removesuffix(".zip")
    return f"{count(len(files), 'photograph')} of {blocks.when(time.time())}"


def correct(set_id: str) -> None:
    """The table of a set, and the button that starts the analysis."""
    store = rooms.rust_photos()
    with st.container(border=True, key="rust-source"), errors.shown():
        row = store.row(set_id)
        st.subheader("Which photograph shows what?", anchor=False)
        for remark in store.remarks(set_id):
            st.caption(remark)
        photos, lines = table.edited(store.folder(set_id), store.rows(set_id))
        times = len({photo.hours for photo in photos.items})
        st.markdown(
            f"**{count(len(photos.parts), 'part')}**, {count(times, 'time')}, {count(len(photos.items), 'photograph')}."
        )
        name = st.text_input("Name", row.name, max_chars=80, key=f"rust-name-{set_id}", width=420)
        with st.expander("Settings", icon=":material/tune:"):
            settings = choices.form(RustSettings(), key=f"rust-new-{set_id}")
        with st.container(horizontal=True):
            if st.button("Analyse the rust", type="primary", icon=":material/play_arrow:", key="rust-go"):
                store.set_rows(set_id, lines)
                store.rename(set_id, name or row.name)
                sending.analyse(set_id, settings)
            st.button("Back", key="rust-back", type="tertiary", on_click=_close)


def _close() -> None:
    st.query_params.pop(sending.PHOTOS, None)
