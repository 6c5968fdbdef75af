"""Train a detector on the good images of a dataset, then score the images kept from training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from core.detectors import registry
from core.detectors.base import MAX_SEED
from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.jobs.tasks.score import score, stands
from core.progress import Progress
from core.store import atomic
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

TRAIN_SHARE = 0.7  # of the progress bar


class TrainSpec(Spec):
    dataset_id: str
    detector: str
    params: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(0, ge=0, le=MAX_SEED)
    exclude: list[str] = Field(default_factory=list)
    scope: Literal["auto", "one", "each"] = Field("auto", description="recordings: one model, or one for each machine")
    frontend: dict[str, Any] | None = Field(None, description="recordings: how raw signals are cut; None: as usual")
    name: str | None = None

    @field_validator("exclude")
    @classmethod
    def _sorted(cls, names: list[str]) -> list[str]:
        """The order of the names changes nothing."""
        return sorted(set(names))

    def model_post_init(self, context: Any) -> None:
        """Parameters are checked, and their defaults filled in, when the job is asked for, not minutes later."""
        entry = registry.info(self.detector)
        full = registry.parameters(self.detector, self.params).model_dump(mode="json")
        # The model is frozen for everybody else.
        object.__setattr__(self, "detector", entry.name)
        object.__setattr__(self, "params", full)
        if self.frontend is not None:
            from core.features.signals.front_end import FrontEnd

            object.__setattr__(self, "frontend", FrontEnd(**self.frontend).model_dump(mode="json"))


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"model_id", "run_id"}``. A model whose scoring was interrupted is not trained again."""
    asked = TrainSpec(**spec)
    model_id = _trained_before(progress, workspace) or _train(progress.part(0.0, TRAIN_SHARE), asked, workspace)
    run_id = score(workspace, model_id, asked.dataset_id, progress.part(TRAIN_SHARE, 1.0))
    return {"model_id": model_id, "run_id": run_id}


def _train(progress: Progress, asked: TrainSpec, workspace: Workspace) -> str:
    progress.report(0, 1, "Loading the detector")
    row, entry = DatasetStore(workspace).row(asked.dataset_id), registry.info(asked.detector)
    registry.require(entry, row.modality, row.name)
    if row.modality == "series":
        return _train_series(progress, asked, workspace)
    from core.detectors.training import train
    from core.store.modelfolder import write_model

    data = DatasetStore(workspace).get_unchanged(asked.dataset_id)
    normals = data.normals(asked.exclude)
    if not len(normals):
        raise UserError("There is no good training image left", data.name, "Take some images in again on the Data page")
    params = registry.parameters(asked.detector, asked.params)
    fitted = train(asked.detector, params, asked.seed, normals, progress)
    name = _name(asked, data.name)
    with workspace.temporary() as staging:
        write_model(staging / "model", fitted, name=name, dataset=data, exclude=asked.exclude)
        return _taken_over(staging / "model", name, progress, workspace)


def _train_series(progress: Progress, asked: TrainSpec, workspace: Workspace) -> str:
    from core.detectors.series.training import train_series
    from core.features.signals.front_end import FrontEnd
    from core.store.seriesmodel import write_series_model

    data = DatasetStore(workspace).series(asked.dataset_id)
    params = registry.parameters(asked.detector, asked.params)
    cut = FrontEnd(**asked.frontend) if asked.frontend else None
    fitted = train_series(asked.detector, params, asked.seed, data, progress, scope=asked.scope, frontend=cut)
    name = _name(asked, data.name)
    with workspace.temporary() as staging:
        write_series_model(staging / "model", fitted, name=name, dataset=data)
        return _taken_over(staging / "model", name, progress, workspace)


def _name(asked: TrainSpec, dataset: str) -> str:
    return asked.name or f"{registry.info(asked.detector).title} on {dataset}"


def _taken_over(folder: Path, name: str, progress: Progress, workspace: Workspace) -> str:
    model_id = ModelStore(workspace).add(folder, name).id
    if progress.scratch:
        atomic.write_json(progress.scratch / "trained.json", {"model_id": model_id})
    return model_id


def _trained_before(progress: Progress, workspace: Workspace) -> str | None:
    """The model of an earlier attempt at this same work that got no further than scoring."""
    import json

    note = progress.scratch / "trained.json" if progress.scratch else None
    if note is None or not note.is_file():
        return None
    model_id = json.loads(note.read_text())["model_id"]
    known = any(row.id == model_id for row in ModelStore(workspace).list())
    return str(model_id) if known else None


TASK = TaskInfo("train", 5, run, TrainSpec, stands, cosmetic=frozenset({"name"}))
