"""What a person sees when something goes wrong: a sentence they can act on, or a number that is also in the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import UserError
from core.ui import words

log = logging.getLogger("faultline")


def show(error: Exception) -> bool:
    """Show an error in the page; anything but a ``UserError`` is a bug and goes to the log under an id.

    Returns True: Streamlit need not show it again. Fit for ``st.App(on_script_error=…)``.
    """
    if isinstance(error, UserError):
        st.error(words.plain(str(error)), icon=":material/error:")
        return True
    number = secrets.token_hex(4)
    log.error("error %s", number, exc_info=error)
    st.error(
        f"Something broke on this page. Nothing of yours was lost. The log has the details under **{number}**; "
        "reload the page to go on.",
        icon=":material/bug_report:",
    )
    return True


@contextmanager
def shown() -> Iterator[None]:
    """Show what a person can mend where it happened, and let the rest of the page go on."""
    try:
        yield
    except UserError as error:
        show(error)
