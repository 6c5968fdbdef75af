"""How good the causes of a model are, where the events of a scored dataset name the sensors at fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.detectors.series.calibration import Mode
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.runs import RunStore
from core.store.workspace import Workspace

MOST_EVENTS = 200  # labelled events that are explained, evenly spread over all


class AccuracySpec(Spec):
    run_id: str
    mode: Mode = "settled"


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"rows"}``: of each method, the means over the labelled test events, as ``core.explain.accuracy`` has them."""
    asked = AccuracySpec(**spec)
    progress.report(0, 1, "Loading the model")
    from core.explain.accuracy import accuracy
    from core.store.seriesmodel import load_series_model

    row = RunStore(workspace).row(asked.run_id)
    model, _ = load_series_model(ModelStore(workspace).folder(row.model_id))
    data = model.prepared(DatasetStore(workspace).series(row.dataset_id), progress.part(0.0, 0.1))
    rows = accuracy(model, data, mode=asked.mode, most=MOST_EVENTS, progress=progress.part(0.1, 1.0))
    return {"rows": [asdict(one) for one in rows]}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """The figures are in the result itself."""
    return True


TASK = TaskInfo("cause-accuracy", 2, run, AccuracySpec, stands)
