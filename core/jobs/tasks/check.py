"""Are these new parts good? Bring photographs in and score every one of them with a model, as one job.

One job and not two: it goes on when the browser that asked for it is closed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from core.jobs.tasks import importing, score
from core.jobs.tasks.contract import TaskInfo
from core.jobs.tasks.importing import ImportSpec
from core.progress import Progress
from core.store import atomic
from core.store.workspace import Workspace

IMPORT_SHARE = 0.15  # of the progress bar


class CheckSpec(ImportSpec):
    """What to bring in, and the model that judges it. No name of a file or folder decides what is judged: every
    picture is a part, so the layout is no choice."""

    model_id: str
    format: Literal["parts"] = "parts"


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"dataset_id", "run_id"}``."""
    asked = CheckSpec(**spec)
    dataset_id = _imported(asked, progress.part(0.0, IMPORT_SHARE), workspace)
    run_id = score.score(workspace, asked.model_id, dataset_id, progress.part(IMPORT_SHARE, 1.0), everything=True)
    return {"dataset_id": dataset_id, "run_id": run_id}


def _imported(asked: CheckSpec, progress: Progress, workspace: Workspace) -> str:
    """The dataset, also where an earlier attempt took the upload in and got no further."""
    note = progress.scratch / "imported.json" if progress.scratch else None
    if note is not None and note.is_file():
        return str(json.loads(note.read_text())["dataset_id"])
    found = importing.run(progress, asked.model_dump(mode="json", exclude={"model_id"}), workspace)
    if note is not None:
        atomic.write_json(note, found)
    return str(found["dataset_id"])


TASK = TaskInfo("check", 4, run, CheckSpec, quick=True)
