"""The comparisons that a workspace keeps: found by what was compared, forgotten when nobody asks for them any more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import UserError
from core.store import atomic
from core.store.comparison import Comparison, StoredComparison, comparison_id, write_comparison
from core.store.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 1000  # of images
SERIES_RESAMPLES = 200  # of recordings: each costs the volume under a surface


class ComparisonStore:
    """Comparisons by their runs and settings."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.comparisons

    def find(
        self, run_ids: Sequence[str], rate: float, resamples: int = RESAMPLES, seed: int = 0, said: str = ""
    ) -> StoredComparison | None:
        """What was computed for these runs and settings, with the labels that people had given (``Said.id``). None
        where nothing (readable) was."""
        return self.get(comparison_id(run_ids, rate, resamples, seed, said))

    def with_other_labels(
        self, run_ids: Sequence[str], rate: float, resamples: int, seed: int = 0
    ) -> StoredComparison | None:
        """What was last computed for these runs and settings, whatever people had said of the images."""
        whole = comparison_id(run_ids, rate, resamples, seed)
        known = [found for folder in self._folder.glob(f"{whole}*") if (found := self.get(folder.name)) is not None]
        return max(known, key=lambda found: found.info.created_at, default=None)

    def get(self, found_id: str) -> StoredComparison | None:
        """A comparison by its id; it is then kept for a while longer."""
        folder = self._folder / found_id
        try:
            found = StoredComparison(folder)
            os.utime(folder)
        except (UserError, FileNotFoundError):
            return None
        return found

    def add(self, found: Comparison, items: pd.DataFrame, limits: pd.DataFrame | None = None) -> StoredComparison:
        """Keep a comparison, in the place of an earlier one that could not be read. Tables as of
        ``write_comparison``."""
        home = self._folder / comparison_id(found.run_ids, found.rate, found.resamples, found.seed, found.said)
        atomic.remove(home)
        return write_comparison(home, found, items, limits)
