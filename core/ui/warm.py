"""What the first visitor would wait for, done while the server starts."""

from __future__ import annotations

import importlib
import pkgutil
import threading

from core import ui

SCRIPT = "core.ui.main"  # Streamlit runs it for each visit; importing it would draw a page


def start() -> None:
    """Import everything that the pages import, beside the server."""
    threading.Thread(target=_pages, name="warm-up", daemon=True).start()


def _pages() -> None:
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        if module.name != SCRIPT:
            importlib.import_module(module.name)
