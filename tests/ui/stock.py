"""Models, runs and jobs to put into a workspace before a page is opened."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from core.jobs.table import JobTable
from core.jobs.tasks import train
from core.progress import Progress
from core.store.datasets import DatasetRow
from core.store.models import ModelRow, ModelStore
from core.store.workspace import Workspace


def toy_result(workspace: Workspace, parts: DatasetRow, *, name: str = "First", gain: float = 1.0) -> dict[str, Any]:
    """What a training of the toy detector gives; the toy must be in the registry."""
    spec = {"dataset_id": parts.id, "detector": "toy", "params": {"gain": gain}, "name": name}
    return train.run(Progress(), spec, workspace)


def toy_model(workspace: Workspace, parts: DatasetRow, *, name: str = "First", gain: float = 1.0) -> ModelRow:
    """A trained and scored toy."""
    return ModelStore(workspace).get(toy_result(workspace, parts, name=name, gain=gain)["model_id"])


def start(workspace: Workspace, job_id: str) -> None:
    """What the dispatcher does first with a job that waits."""
    with workspace.transaction() as db:
        db.execute(
            "UPDATE jobs SET state = 'running', stage = 'Counting', started_at = created_at WHERE id = ?", (job_id,)
        )


def end(workspace: Workspace, job_id: str, state: Any, **ending: Any) -> None:
    """What a worker does last."""
    start(workspace, job_id)
    JobTable(workspace).finish(job_id, state, **ending)


def texts(app: AppTest) -> str:
    """All words of a page that are no labels."""
    groups = (app.markdown, app.caption, app.subheader, app.error, app.success, app.info, app.warning)
    return "\n".join(str(element.value) for group in groups for element in group)
