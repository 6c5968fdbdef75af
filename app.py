"""The entry: ``streamlit run app.py`` serves the pages and keeps the background jobs going."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from core.errors import UserError
from core.jobs.dispatcher import Dispatcher
from core.jobs.local import LocalEngine
from core.store.workspace import Workspace
from core.ui import errors

try:
    workspace = Workspace.default()
except UserError as error:
    sys.exit(f"Faultline cannot start. {error}")  # before the server is up: a sentence, no traceback


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Jobs start and are watched while the server is up; those already running outlive it."""
    dispatcher = Dispatcher(workspace, LocalEngine(workspace))
    dispatcher.start()
    try:
        yield
    finally:
        dispatcher.stop()


app = st.App("core/ui/main.py", lifespan=lifespan, on_script_error=errors.show)
