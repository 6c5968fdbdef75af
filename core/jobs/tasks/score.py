"""Score a dataset with a model, and evaluate where there are labels."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.runs import RunStore
from core.store.workspace import Workspace


class ScoreSpec(Spec):
    model_id: str
    dataset_id: str


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"run_id"}``."""
    asked = ScoreSpec(**spec)
    return {"run_id": score(workspace, asked.model_id, asked.dataset_id, progress)}


def score(workspace: Workspace, model_id: str, dataset_id: str, progress: Progress, *, everything: bool = False) -> str:
    """Score, evaluate and index; the id of the run. ``everything``: training images too."""
    progress.report(0, 1, "Loading the model")
    if DatasetStore(workspace).row(dataset_id).modality == "series":
        return _score_series(workspace, model_id, dataset_id, progress, everything=everything)
    from core.compare.evaluate import evaluate
    from core.store.modelfolder import load_calibration
    from core.store.scoring import score_folder

    folder, data, store = (
        ModelStore(workspace).folder(model_id),
        DatasetStore(workspace).get_unchanged(dataset_id),
        RunStore(workspace),
    )
    dest = store.reserve(model_id, dataset_id)
    scored = score_folder(folder, data, dest, progress.part(0.0, 0.9), everything=everything)
    try:
        metrics = None
        if scored.scores()["label"].notna().any():
            metrics = evaluate(scored, data, load_calibration(folder), progress=progress.part(0.9, 1.0))
        return store.add(scored.folder, metrics).id
    except BaseException:
        shutil.rmtree(scored.folder, ignore_errors=True)
        raise


def _score_series(workspace: Workspace, model_id: str, dataset_id: str, progress: Progress, *, everything: bool) -> str:
    from core.compare.seriesrun import evaluate_run
    from core.store.seriesrun import score_series

    folder, data = ModelStore(workspace).folder(model_id), DatasetStore(workspace).series(dataset_id)
    store = RunStore(workspace)
    dest = store.reserve(model_id, dataset_id)
    scored = score_series(folder, data, dest, progress.part(0.0, 0.8), everything=everything)
    try:
        metrics = evaluate_run(scored, folder, data, progress=progress.part(0.8, 1.0))
        return store.add(scored.folder, metrics).id
    except BaseException:
        shutil.rmtree(scored.folder, ignore_errors=True)
        raise


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the run is still there and its model is not removed."""
    return RunStore(workspace).listed(result["run_id"])


TASK = TaskInfo("score", 3, run, ScoreSpec, stands, quick=True)
