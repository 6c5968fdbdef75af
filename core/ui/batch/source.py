"""Ways to bring new parts in. A drop starts the check at once; it goes on when the browser is closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import streamlit as st

from core.store.models import ModelRow
from core.ui import blocks, errors, gates, jobs_panel, nav, rooms, state, words
from core.ui.dataset import drops, uploads

KIND = "check"
SENT = "_check"  # the check that this session asked for last
DROP = "check-drop"


def show() -> None:
    """The form, or what is missing for it: a model of photographs."""
    model = state.model()
    if gates.elsewhere("image"):
        return
    if model is not None:
        _form(model)
    elif blocks.empty_state(
        "No model to judge them yet",
        "A detector has to learn from photographs of good parts first. Then new ones are judged in seconds.",
        "Train a detector",
        key="check-empty",
        icon=":material/fact_check:",
    ):
        nav.open_page("train")


def _form(model: ModelRow) -> None:
    """The form of the chosen way, what went wrong last time, and checks under way."""
    with st.container(border=True, key="check-form"), errors.shown():
        way = st.segmented_control(
            "New parts",
            list(WAYS),  # named as in the URL: a bound control knows its options by their labels
            default="Images",
            required=True,
            key="from",
            bind="query-params",
        )
        WAYS[way or "Images"](model)
        st.caption(f"**{words.plain(model.name)}** will judge them, every photograph by itself.")
    if SENT in st.session_state:
        jobs_panel.problem(rooms.jobs().get(st.session_state[SENT]))
    jobs_panel.watch([KIND], key="check")


def _images(model: ModelRow) -> None:
    files = drops.field(DROP, "Photographs of new parts", types=drops.IMAGES, multiple=True)
    if files:
        _check_folder(files, model)


def _folder(model: ModelRow) -> None:
    files = drops.field(DROP, "Folder of photographs", types=None, multiple="directory")
    if files:
        _check_folder(files, model)


def _check_folder(files: list[uploads.Upload], model: ModelRow) -> None:
    with drops.taking(DROP):
        folder = uploads.keep(files, rooms.workspace(), numbered=True)
        _submit({"path": str(folder), "owned": True}, _now(), model)


def _zip(model: ModelRow) -> None:
    files = drops.field(DROP, "Zip of photographs", types=["zip"])
    if files:
        with drops.taking(DROP):
            folder = uploads.keep(files, rooms.workspace())
            archive = next(path for path in folder.rglob("*") if path.is_file())
            _submit({"archive": str(archive)}, PurePosixPath(files[0].name).stem, model)


def _path(model: ModelRow) -> None:
    with st.form("check-path", border=False):
        typed = st.text_input(
            "Folder or zip on the server",
            placeholder=f"{uploads.roots()[0]}/today",
            help=f"Below {', '.join(f'`{root}`' for root in uploads.roots())}. Nothing is copied.",
        )
        go = st.form_submit_button("Check the parts", type="primary")
    if go:
        path = uploads.allowed_path(typed)
        _submit({"archive" if path.is_file() else "path": str(path)}, path.stem, model)


def _submit(where: Mapping[str, Any], name: str, model: ModelRow) -> NoReturn:
    spec = {**where, "name": name, "model_id": model.id}
    submission = rooms.jobs().submit(KIND, spec, title=f"Check «{name}» with {model.name}")
    st.session_state[SENT] = submission.job_id
    st.query_params.pop("batch", None)  # the new result is what the user wants to see
    st.rerun()


def _now() -> str:
    """A name for photographs that have none: the time at the user's place."""
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else None
    return f"Parts of {datetime.now(zone):%d %b %Y, %H:%M:%S}"


WAYS = {"Images": _images, "Folder": _folder, "Zip": _zip, "Path": _path}
