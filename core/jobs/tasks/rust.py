"""Analyse the photographs of a set: see every one, measure its rust, keep the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.severity.settings import RustSettings
from core.store.workspace import Workspace


class RustSpec(Spec):
    """``rows`` (``severity.photos.PhotoRow`` as dicts) and ``corrections`` (``severity.correction.to_json``) are what a
    person said about the photographs; ``from_set`` fills them in from the workspace."""

    set_id: str
    settings: RustSettings = RustSettings()
    rows: tuple[dict[str, Any], ...] | None = None
    corrections: dict[str, Any] | None = None


def from_set(workspace: Workspace, set_id: str, settings: RustSettings) -> dict[str, Any]:
    """The specification for a set as its table and its outlines are now, ready for ``JobTable.submit``."""
    from dataclasses import asdict

    from core.severity.correction import to_json
    from core.store.rustphotos import RustPhotoStore

    store = RustPhotoStore(workspace)
    return {
        "set_id": set_id,
        "settings": settings.model_dump(mode="json"),
        "rows": [asdict(row) for row in store.rows(set_id)],
        "corrections": to_json(store.corrections(set_id)),
    }


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"set_id", "analysis_id"}``."""
    from core.severity.correction import from_json
    from core.severity.photos import PhotoRow, from_rows
    from core.store.rustanalyses import RustAnalysisStore
    from core.store.rustphotos import RustPhotoStore

    asked, store = RustSpec(**spec), RustPhotoStore(workspace)
    try:
        table = store.rows(asked.set_id) if asked.rows is None else tuple(PhotoRow(**row) for row in asked.rows)
        corrections = store.corrections(asked.set_id) if asked.corrections is None else from_json(asked.corrections)
    except (TypeError, ValueError) as error:
        raise UserError(f"The table or the outlines cannot be read: {error}", asked.set_id, "Edit them again") from None
    photos = from_rows(store.folder(asked.set_id), table)
    made = RustAnalysisStore(workspace).make(asked.set_id, photos, asked.settings, corrections, progress)
    return {"set_id": asked.set_id, "analysis_id": made.id}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the analysis is still there."""
    from core.store.rustanalyses import RustAnalysisStore

    return RustAnalysisStore(workspace).listed(result["analysis_id"])


TASK = TaskInfo("rust", 3, run, RustSpec, stands)
