"""Write a trained network over time as a file for other programs, and prove that it says what the model says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.datasets.series import SeriesSet

ENDINGS = {"onnx": ".onnx", "torchscript": ".pt"}
WINDOWS = 64  # compared


class ExportSpec(Spec):
    """``machine``: whose model, where every machine has one of its own."""

    model_id: str
    to: Literal["onnx", "torchscript"]
    machine: str = ""


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"path", "windows", "difference"}``: the file, which is kept for a day, over how many windows of the training
    data it was compared with the model, and the largest difference of any output."""
    asked = ExportSpec(**spec)
    progress.report(0, 3, "Loading the model")
    from core.detectors.series.export import export_model
    from core.store.seriesmodel import load_series_model

    model, manifest = load_series_model(ModelStore(workspace).folder(asked.model_id))
    machine = "" if len(model.members) == 1 else asked.machine
    member = model.member(machine or next(iter(model.members)))
    progress.report(1, 3, "Reading the windows to compare over")
    data = DatasetStore(workspace).series(manifest.dataset.id).normals()
    own = data.where(lambda unit: not machine or unit.machine == machine)
    windows = _windows(model.prepared(own.of(own.units[:WINDOWS])), member.detector.context)
    progress.report(2, 3, "Writing and comparing")
    number = sorted(model.members).index(machine) if machine else 0
    out = workspace.exports / f"{asked.model_id}-{number:04}{ENDINGS[asked.to]}"
    found = export_model(model, asked.to, out, windows, machine=machine, model_id=asked.model_id)
    progress.report(3, 3, "Done")
    return {"path": str(out), "windows": found.windows, "difference": max(found.differences.values())}


def _windows(data: SeriesSet, context: int) -> NDArray[Any]:
    """(b, context, D) stretches, evenly over the recordings. UserError where none is long enough."""
    import numpy as np

    units = [unit for unit in data.units if len(unit) >= context]
    if not units:
        raise UserError(
            "There is no normal recording to compare the exported file over", data.name, f"One of {context} steps does"
        )
    each = -(-WINDOWS // len(units))
    starts = [(unit, np.linspace(0, len(unit) - context, each).astype(int)) for unit in units]
    return np.stack([unit.values[start : start + context] for unit, begun in starts for start in begun])


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    return Path(result["path"]).is_file()


TASK = TaskInfo("export", 1, run, ExportSpec, stands)
