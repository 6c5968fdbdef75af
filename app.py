"""The entry: ``streamlit run app.py`` serves the pages and the interface under /api, and keeps jobs going."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from core.api.events import closing_with_the_server
from core.api.routes import routes
from core.errors import UserError
from core.jobs.dispatcher import Dispatcher
from core.jobs.local import LocalEngine
from core.live.feed import LiveFeed
from core.store.workspace import Workspace
from core.ui import errors, warm

try:
    workspace = Workspace.default()
except UserError as error:
    sys.exit(f"Faultline cannot start. {error}")  # before the server is up: a sentence, no traceback
live = LiveFeed(workspace)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Jobs start and are watched while the server is up; those already running outlive it. The live feed does not."""
    dispatcher = Dispatcher(workspace, LocalEngine(workspace))
    dispatcher.start()
    warm.start()
    try:
        with closing_with_the_server():
            yield
    finally:
        dispatcher.stop()
        live.shut()


app = st.App("core/ui/main.py", routes=routes(live), lifespan=lifespan, on_script_error=errors.show)
