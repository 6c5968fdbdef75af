"""The Data page for recordings: what is in them, is it fit to train on, and the signals themselves."""

from __future__ import annotations

from core.store.datasets import DatasetRow
from core.ui.dataset.series import overview, sections


def show(row: DatasetRow) -> None:
    """The whole of it."""
    overview.show(row)
    sections.show(row)
