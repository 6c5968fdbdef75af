"""The mapping step of a table that nobody has seen before: guess, look, correct, remember."""

from __future__ import annotations

from core.datasets.recordings.guessing import guess, preview, signature
from core.datasets.recordings.tablemapping import Guess, TableMapping

__all__ = ["Guess", "TableMapping", "guess", "preview", "signature"]
