"""Uploaders that let go of what was dropped: each drop is taken once, and a refusal is told beside the empty field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from core.datasets.images import SUFFIXES
from core.errors import UserError
from core.ui import words
from core.ui.dataset import uploads

IMAGES = sorted(SUFFIXES)


def field(
    name: str,
    label: str,
    *,
    types: Sequence[str] | None,
    multiple: bool | Literal["directory"] = False,
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> list[uploads.Upload]:
    """The uploader ``name`` and what was dropped on it; ``types`` None takes every file.

    A folder is never filtered by type: the browser would drop the other files without a word, and the import lists
    them with the reason why they were left out.
    """
    refused = st.session_state.get(_refusal(name))
    if refused is not None:
        st.error(words.plain(refused), icon=":material/error:")
    generation = st.session_state.setdefault(_generation(name), 0)
    found = st.file_uploader(
        label, type=types, accept_multiple_files=multiple, key=f"{name}-{generation}", label_visibility=label_visibility
    )
    return [*found] if isinstance(found, list) else [found] if found else []


@contextmanager
def taking(name: str) -> Iterator[None]:
    """Take what was dropped on the uploader ``name``, once: whatever comes of it, the field is empty in the next run.

    The files then leave the server's memory. A refusal is kept, the page drawn anew, and the sentence stays until the
    next drop.
    """
    st.session_state.pop(_refusal(name), None)
    try:
        yield
    except UserError as error:
        st.session_state[_refusal(name)] = str(error)
        st.rerun()
    finally:
        st.session_state[_generation(name)] = st.session_state.get(_generation(name), 0) + 1


def _refusal(name: str) -> str:
    return f"_{name}_refused"


def _generation(name: str) -> str:
    return f"_{name}_generation"
