"""Measure a benchmark and keep every entry; interrupted, it goes on where it stood."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from core.detectors.base import MAX_SEED
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.workspace import Workspace


class BenchmarkSpec(Spec):
    """``path`` or ``dataset_id``: a folder on this machine, or a dataset of the workspace."""

    benchmark: str
    path: str | None = None
    dataset_id: str | None = None
    methods: tuple[str, ...] = ()
    limit: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0, le=MAX_SEED)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.path is None) == (self.dataset_id is None):
            raise ValueError("a folder or a dataset is measured, not both and not neither")
        return self


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"benchmark", "plan_id"}``."""
    from core.compare.papers.cache import FOLDER
    from core.compare.papers.run import benchmark
    from core.compare.papers.tables import table
    from core.datasets import readers
    from core.store.datasets import DatasetStore

    asked = BenchmarkSpec(**spec)
    if asked.dataset_id is not None:
        store = DatasetStore(workspace)
        images = store.row(asked.dataset_id).modality == "image"
        data = store.get_unchanged(asked.dataset_id) if images else store.series(asked.dataset_id)
    else:
        data = readers.read(Path(asked.path or ""), progress=progress.part(0.0, 0.1))
    plan = benchmark(
        table(asked.benchmark),
        data,
        workspace.root / FOLDER,
        methods=asked.methods,
        limit=asked.limit,
        seed=asked.seed,
        progress=progress.part(0.1, 1.0),
    )
    return {"benchmark": asked.benchmark, "plan_id": plan.id}


TASK = TaskInfo("benchmark", 1, run, BenchmarkSpec)
