"""Ways to bring data in. Every import is a background job; a drop starts it at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal, NoReturn

import streamlit as st

from core.datasets.readers import FORMATS
from core.datasets.samples import SAMPLES
from core.ui import blocks, errors, jobs_panel, rooms, state
from core.ui.dataset import drops, uploads

ANY_LAYOUT = "Find out from the folders"
KINDS = ("import", "sample", "demo")
DROP = "drop"


def welcome() -> None:
    """The page before there is any data."""
    busy = jobs_panel.active(KINDS)
    if not busy and blocks.empty_state(
        "No data yet",
        "Load the sample parts to look around, or bring photographs of your own below.",
        "Load the sample parts",
        key="load-sample",
        icon=":material/photo_library:",
    ):
        _submit("sample", {"sample": "parts", "seed": 0}, title="Draw the sample parts")
    section(opened="Images")


def section(opened: str | None = None) -> None:
    """The choice of a way, the form of the chosen one, and imports under way. ``opened`` is the way shown at first."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Add data", width="content")
        way = st.segmented_control(
            "Add data",
            list(WAYS),  # named as in the URL: a bound control knows its options by their labels
            default=opened,
            key="add",
            bind="query-params",
            label_visibility="collapsed",
        )
    for job_id in st.session_state.get("_imports", []):
        jobs_panel.problem(rooms.jobs().get(job_id))
    jobs_panel.watch(KINDS, key="import")
    if way is None:
        return
    with st.container(border=True, key="add-form"), errors.shown():
        WAYS[way]()


def settle() -> None:
    """Make the dataset current that an import of this session has just brought in."""
    for job_id in st.session_state.get("_imports", []):
        job = rooms.jobs().get(job_id)
        if job.state == "succeeded" and job.result is not None:
            st.session_state["_imports"] = []
            st.session_state["add"] = None  # the form has done its work
            state.choose(dataset_id=job.result["dataset_id"])
            st.rerun()


def _images() -> None:
    st.caption("Photographs of one kind of part. Without labels, all of them are taken for good ones to learn from.")
    _take(_drop("Photographs", multiple=True, types=drops.IMAGES), "Uploaded images")


def _folder() -> None:
    st.caption("Sub-folders such as good and bad, or train and test in the MVTec layout, become labels and splits.")
    files = _drop("Folder", multiple="directory", types=None)
    _take(files, PurePosixPath(files[0].name).parts[0] if files else "Folder")


def _zip() -> None:
    st.caption(
        "A zip of folders such as good and bad, or in the MVTec layout. It is checked and unpacked on the server."
    )
    files = _drop("Zip archive", multiple=False, types=["zip"])
    if files:
        with drops.taking(DROP):
            folder = uploads.keep(files, rooms.workspace())
            archive = next(path for path in folder.rglob("*") if path.is_file())
            spec = {"archive": str(archive), "name": PurePosixPath(files[0].name).stem, "format": _format()}
            _submit("import", spec, title=f"Unpack {files[0].name}")


def _path() -> None:
    roots = ", ".join(f"`{root}`" for root in uploads.roots())
    st.caption(f"A folder or zip on the server, below {roots}. Folders are indexed where they lie; nothing is copied.")
    with st.form("add-path", border=False):
        typed = st.text_input("Path on the server", placeholder=f"{uploads.roots()[0]}/parts")
        _layout()
        go = st.form_submit_button("Read it", type="primary")
    if go:
        path = uploads.allowed_path(typed)
        source = "archive" if path.is_file() else "path"
        _submit("import", {source: str(path), "name": path.stem, "format": _format()}, title=f"Read {path.name}")


def _sample() -> None:
    for sample in SAMPLES.values():
        st.markdown(f"**{sample.title}.** {sample.summary}")
        if st.button(f"Load {sample.title.lower()}", type="primary", key=f"sample-{sample.name}"):
            _submit("sample", {"sample": sample.name, "seed": 0}, title=f"Draw {sample.title.lower()}")


def _drop(label: str, *, multiple: bool | Literal["directory"], types: list[str] | None) -> list[uploads.Upload]:
    files = drops.field(DROP, label, types=types, multiple=multiple, label_visibility="collapsed")
    _layout()
    return files


def _take(files: list[uploads.Upload], name: str) -> None:
    if files:
        with drops.taking(DROP):
            folder = uploads.keep(files, rooms.workspace())
            spec = {"path": str(folder), "name": name, "format": _format(), "owned": True}
            _submit("import", spec, title=f"Import {len(files)} files")


def _layout() -> None:
    st.selectbox(
        "Layout",
        [ANY_LAYOUT, *FORMATS],
        format_func=lambda name: FORMATS[name].title if name in FORMATS else name,
        key="layout",
        persist_state="session",
        width=320,
    )


def _format() -> str | None:
    chosen: str = st.session_state["layout"]
    return chosen if chosen in FORMATS else None


def _submit(kind: str, spec: Mapping[str, Any], *, title: str) -> NoReturn:
    submission = rooms.jobs().submit(kind, spec, title=title)
    st.session_state["_imports"] = [submission.job_id]  # what went wrong before is no longer in the way
    st.rerun()


WAYS = {"Images": _images, "Folder": _folder, "Zip": _zip, "Path": _path, "Sample": _sample}
