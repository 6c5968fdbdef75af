"""Why a stretch of a scored recording was judged as it was."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from core.detectors.series.calibration import Mode
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store import atomic
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.runs import RunStore
from core.store.workspace import Workspace

LONGEST = 20_000  # steps of a stretch: more are no stretch to explain, but a recording
FOLDER = "explanations"  # in the run's folder, and removed with it


class ExplainSpec(Spec):
    run_id: str
    unit: str
    start: int = Field(ge=0)
    stop: int = Field(ge=1)
    mode: Mode = "settled"


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"path", "sentence"}``: JSON as ``core.explain.record`` makes it, and beside it a file of what was expected,
    (m, d) float32 readings from step ``first`` on, under the same name with ``.npy``."""
    asked = ExplainSpec(**spec)
    progress.report(0, 1, "Loading the model")
    import numpy as np

    from core.errors import UserError
    from core.explain.causes import causes
    from core.explain.expected import expected
    from core.explain.record import record
    from core.explain.reference import Reference
    from core.explain.stretch import Stretch
    from core.store.seriesmodel import load_series_model

    if asked.stop - asked.start > LONGEST:
        raise UserError(
            f"{asked.stop - asked.start:,} steps are too many to explain at once",
            asked.unit,
            f"Choose at most {LONGEST:,}: the stretch around one alarm",
        )
    row = RunStore(workspace).row(asked.run_id)
    model, _ = load_series_model(ModelStore(workspace).folder(row.model_id))
    data = model.prepared(DatasetStore(workspace).series(row.dataset_id), progress.part(0.0, 0.2))
    unit = data.by_name.get(asked.unit)
    if unit is None:
        raise UserError(f"There is no recording «{asked.unit}»", data.name, "Choose one that was scored")
    reference = Reference.of(model, data, unit.machine)
    found = causes(model, unit, asked.start, asked.stop, asked.mode, reference, progress=progress.part(0.2, 0.9))
    stretch = Stretch.of(model, unit, asked.start, asked.stop, asked.mode)
    drawn, how = expected(stretch, reference)
    first = asked.start - stretch.lead
    readings = stretch.member.scaler.undo(drawn, unit.values[first : first + len(drawn)])
    result = record(found, model, unit) | {"first": first, "expected_by": how}
    dest = workspace.runs / asked.run_id / FOLDER / f"{_key(asked)}.json"
    arrays = io.BytesIO()
    np.save(arrays, readings, allow_pickle=False)
    atomic.write_bytes(dest.with_suffix(".npy"), arrays.getvalue())
    atomic.write_json(dest, result)
    return {"path": str(dest), "sentence": result["sentence"]}


def _key(asked: ExplainSpec) -> str:
    text = json.dumps(asked.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    return Path(result["path"]).is_file()


TASK = TaskInfo("explain", 3, run, ExplainSpec, stands, quick=True)
