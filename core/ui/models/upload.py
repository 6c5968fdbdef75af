"""A model from elsewhere: the zip is checked before it is taken in, and can never run code."""

from __future__ import annotations

import shutil
from pathlib import PurePosixPath

import streamlit as st

from core.ui import rooms, words
from core.ui.dataset import drops, uploads
from core.ui.models import table

DROP = "model-zip"


def popover() -> None:
    """The button and the form behind it."""
    with st.popover("Upload a model", icon=":material/upload:", key="upload-model"):
        st.caption("A zip that Faultline exported. Every file in it is checked against its hash before it is used.")
        for file in drops.field(DROP, "Model zip", types=["zip"]):
            with drops.taking(DROP), st.spinner("Checking the model"):
                _take(file)


def _take(file: uploads.Upload) -> None:
    folder = uploads.keep([file], rooms.workspace())
    try:
        (archive,) = (path for path in folder.rglob("*") if path.is_file())
        row = rooms.models().import_zip(archive)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    st.toast(
        f"**{words.plain(row.name)}** from {words.plain(PurePosixPath(file.name).name)} is in the list.",
        icon=":material/check:",
    )
    table.reset()
    st.rerun()
