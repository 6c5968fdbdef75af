"""Ways to bring data in. Every import is a background job; a drop starts it at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NoReturn

import streamlit as st

from core.datasets.readers import FORMATS
from core.datasets.recordings import table
from core.datasets.recordings.files import SUFFIXES
from core.datasets.samples import SAMPLES
from core.errors import UserError
from core.ui import blocks, errors, gates, jobs_panel, rooms, state
from core.ui.dataset import columns, drops, pending, uploads

ANY_LAYOUT = "Find out from the files"
KINDS = ("import", "sample", "demo")
DROP = "drop"
TABLE = table.FORMAT.name
RECORDINGS = sorted({suffix.removeprefix(".") for suffix in SUFFIXES} | {"zip"})


def welcome() -> None:
    """The page before there is any data."""
    busy = jobs_panel.active(KINDS)
    if not busy and blocks.empty_state(
        "No data yet",
        "Load the sample parts to look around, or bring photographs or recordings of your own below.",
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
    _imports()
    if way is not None:
        with st.container(border=True, key="add-form"), errors.shown():
            WAYS[way]()


def _imports() -> None:
    """What went wrong with the last import of this session, and those under way."""
    for job_id in st.session_state.get("_imports", []):
        jobs_panel.problem(rooms.jobs().get(job_id))
    jobs_panel.watch(KINDS, key="import")


def settle() -> None:
    """Make the dataset current that an import of this session has just brought in."""
    for job_id in st.session_state.get("_imports", []):
        job = rooms.jobs().get(job_id)
        if job.state == "succeeded" and job.result is not None:
            st.session_state["_imports"] = []
            st.session_state["add"] = None  # the form has done its work
            pending.done()
            columns.confirm()
            state.choose(dataset_id=job.result["dataset_id"])
            st.rerun()


def _images() -> None:
    st.caption("Photographs of one kind of part. Without labels, all of them are taken for good ones to learn from.")
    _take(_drop("Photographs", "image", multiple=True, types=drops.IMAGES), "Uploaded images")


def columns_asked() -> bool:
    """Draw the form of the table whose columns are asked for, if there is one; whether there is."""
    if any(rooms.jobs().get(job_id).active for job_id in st.session_state.get("_imports", [])):
        return False
    with errors.shown():
        try:
            found = pending.current()
        except UserError:
            pending.done()
            raise
        if found is not None:
            _imports()
            with st.container(border=True, key="columns-form"), errors.shown():
                columns.show(found, lambda spec, title: _submit("import", spec, title=title))
            return True
    return False


def _recordings() -> None:
    st.caption(
        "Readings of sensors, vibration or sound: CSV, Parquet, NPY, NPZ, MAT or WAV files of the same sensors, "
        "together or in a zip. For tables, what the columns mean is asked next."
    )
    files = _drop("Recordings", "series", multiple=True, types=RECORDINGS)
    if len(files) == 1 and files[0].name.casefold().endswith(".zip"):
        _unpack(files)
    else:
        _take(files, PurePosixPath(files[0].name).stem if len(files) == 1 else "Uploaded recordings")


def _folder() -> None:
    st.caption(
        "Photographs: sub-folders such as good and bad, or train and test in the MVTec layout, become labels and "
        "splits. Recordings: as they were published, or one table for each machine or run."
    )
    files = _drop("Folder", multiple="directory", types=None)
    _take(files, PurePosixPath(files[0].name).parts[0] if files else "Folder")


def _zip() -> None:
    st.caption("A zip of photographs or recordings. It is checked and unpacked on the server.")
    files = _drop("Zip archive", multiple=False, types=["zip"])
    if files:
        _unpack(files)


def _unpack(files: list[uploads.Upload]) -> None:
    """Photographs are unpacked by the job; tables at once, for their columns are asked about next."""
    with drops.taking(DROP):
        folder = uploads.keep(files, rooms.workspace())
        archive = next(path for path in folder.rglob("*") if path.is_file())
        name, chosen = PurePosixPath(files[0].name).stem, _format()
        if chosen in (None, TABLE) and pending.tables_in(archive):
            with st.spinner("Unpacking"):
                unpacked = uploads.unpack(archive, rooms.workspace(), name)
            _begin(unpacked, name, owned=True)
        _submit("import", {"archive": str(archive), "name": name, "format": chosen}, title=f"Unpack {files[0].name}")


def _path() -> None:
    roots = ", ".join(f"`{root}`" for root in uploads.roots())
    st.caption(
        f"A folder, a zip or the file of a recording on the server, below {roots}. Images are indexed where they lie; "
        "recordings are copied."
    )
    with st.form("add-path", border=False):
        typed = st.text_input("Path on the server", placeholder=f"{uploads.roots()[0]}/parts")
        _layout()
        go = st.form_submit_button("Read it", type="primary")
    if go:
        path = uploads.allowed_path(typed)
        if path.suffix.casefold() == ".zip":
            _submit("import", {"archive": str(path), "name": path.stem, "format": _format()}, title=f"Read {path.name}")
        _begin(path, path.stem, owned=False)


def _sample() -> None:
    for sample in SAMPLES.values():
        if sample.modality == "rust":
            continue  # nothing to train on: the Rust page draws it
        st.markdown(f"**{sample.title}.** {sample.summary}")
        if st.button(f"Load {sample.title.lower()}", type="primary", key=f"sample-{sample.name}"):
            _submit("sample", {"sample": sample.name, "seed": 0}, title=f"Draw {sample.title.lower()}")


def _drop(
    label: str,
    modality: gates.Modality | None = None,
    *,
    multiple: bool | Literal["directory"],
    types: list[str] | None,
) -> list[uploads.Upload]:
    files = drops.field(DROP, label, types=types, multiple=multiple, label_visibility="collapsed")
    _layout(modality)
    return files


def _take(files: list[uploads.Upload], name: str) -> None:
    if files:
        with drops.taking(DROP):
            _begin(uploads.keep(files, rooms.workspace()), name, owned=True)


def _begin(path: Path, name: str, *, owned: bool) -> NoReturn:
    """Start the import, or ask first what the columns of a table mean."""
    chosen = _format()
    if chosen in (None, TABLE) and pending.is_table(path):
        pending.ask(path, owned=owned)
        st.session_state["_imports"] = []
        st.rerun()
    _submit("import", {"path": str(path), "name": name, "format": chosen, "owned": owned}, title=f"Import {name}")


def _layout(modality: gates.Modality | None = None) -> None:
    """The choice of a format, of one kind of data or of all."""
    fitting = [name for name, info in FORMATS.items() if modality in (None, info.modality)]
    key = st.session_state["_layout"] = f"layout-{modality or 'any'}"
    st.selectbox(
        "Layout",
        [ANY_LAYOUT, *fitting],
        format_func=lambda name: FORMATS[name].title if name in FORMATS else name,
        key=key,
        persist_state="session",
        width=320,
    )


def _format() -> str | None:
    """The format chosen in the form that is drawn; None to find out."""
    chosen: str = st.session_state[st.session_state["_layout"]]
    return chosen if chosen in FORMATS else None


def _submit(kind: str, spec: Mapping[str, Any], *, title: str) -> NoReturn:
    submission = rooms.jobs().submit(kind, spec, title=title)
    st.session_state["_imports"] = [submission.job_id]  # what went wrong before is no longer in the way
    st.rerun()


WAYS = {"Images": _images, "Recordings": _recordings, "Folder": _folder, "Zip": _zip, "Path": _path, "Sample": _sample}
