"""The analyses of rust that a workspace knows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.progress import Progress
from core.severity.correction import Correction
from core.severity.photos import Photos
from core.severity.settings import RustSettings
from core.store import atomic
from core.store.rustanalysis import StoredAnalysis, analysis_id, write_analysis
from core.store.rustjudged import Judged, read_judged, write_judged
from core.store.rustphotos import RustPhotoStore
from core.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RustAnalysisRow:
    """An analysis in lists. ``created_at`` is when it was last asked for, seconds since the epoch."""

    id: str
    set_id: str
    settings: RustSettings
    created_at: float


class RustAnalysisStore:
    """Analyses by what they see; see ``rustanalysis``."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def make(
        self,
        set_id: str,
        photos: Photos,
        settings: RustSettings,
        corrections: Mapping[str, Correction] | None = None,
        progress: Progress = Progress(),
    ) -> RustAnalysisRow:
        """Analyse, or find what was analysed in the same way, and index it with the settings asked for now."""
        found = analysis_id(set_id, photos, settings, corrections)
        home = self._home(found)
        try:
            seen = StoredAnalysis(home, photos.folder)
        except UserError:  # not there yet, or damaged: what cannot be read would stay so for ever
            atomic.remove(home)
            seen = write_analysis(home, set_id, photos, settings, corrections, progress)
        write_judged(home, seen.judge(settings))
        with self.workspace.transaction() as db:
            db.execute(
                "INSERT INTO rust_analyses (id, set_id, settings, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET settings = excluded.settings, created_at = excluded.created_at",
                (found, set_id, settings.model_dump_json(), time.time()),
            )
        return self.row(found)

    def list(self, set_id: str | None = None) -> list[RustAnalysisRow]:
        """Analyses of sets that are not removed, or of one set; newest first."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT rust_analyses.* FROM rust_analyses JOIN rust_sets ON rust_sets.id = set_id"
                " WHERE rust_sets.deleted_at IS NULL AND (? IS NULL OR set_id = ?)"
                " ORDER BY rust_analyses.created_at DESC, rust_analyses.id",
                (set_id, set_id),
            ).fetchall()
        return [self._row(row) for row in rows]

    def row(self, found: str) -> RustAnalysisRow:
        """UserError for an unknown id."""
        with self.workspace.connect() as db:
            row = db.execute("SELECT * FROM rust_analyses WHERE id = ?", (found,)).fetchone()
        if row is None:
            raise UserError("This analysis is not in the workspace", found, "Analyse the photographs again")
        return self._row(row)

    def get(self, found: str) -> StoredAnalysis:
        """The analysis, to read from. UserError for an unknown or deleted one."""
        row = self.row(found)
        return StoredAnalysis(self._home(found), RustPhotoStore(self.workspace).folder(row.set_id))

    def judged(self, found: str) -> Judged:
        """What was found, under the settings asked for last."""
        self.row(found)
        return read_judged(self._home(found))

    def listed(self, found: str) -> bool:
        """Whether the analysis is there, of photographs that are not removed."""
        return any(row.id == found for row in self.list()) and self._home(found).is_dir()

    def remove(self, found: str) -> None:
        """Delete an analysis for good; the photographs stay, so that it can be made again."""
        with self.workspace.transaction() as db:
            db.execute("DELETE FROM rust_analyses WHERE id = ?", (found,))
        atomic.remove(self._home(found))

    def _home(self, found: str) -> Path:
        return self.workspace.rust_analyses / found

    @staticmethod
    def _row(row: Mapping[str, object]) -> RustAnalysisRow:
        settings = RustSettings.model_validate_json(str(row["settings"]))
        return RustAnalysisRow(str(row["id"]), str(row["set_id"]), settings, float(str(row["created_at"])))
