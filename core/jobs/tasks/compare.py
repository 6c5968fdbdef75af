"""Compare several models' runs over one dataset: what takes longer than a page may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.runs import RunStore
from core.store.workspace import Workspace


class CompareSpec(Spec):
    """``rate`` of false alarms that verdicts are held to; ``resamples`` behind intervals and tests."""

    run_ids: tuple[str, ...] = Field(min_length=2)
    rate: float = Field(gt=0, lt=1)
    resamples: int = Field(default=1000, ge=0, le=100_000)
    seed: int = Field(default=0, ge=0)


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"comparison_id"}``; what was computed for the same runs and settings before is found."""
    from core.compare.contestants import image_contestants
    from core.compare.sidebyside import align
    from core.compare.study import study_images
    from core.store.comparisons import ComparisonStore

    asked, store = CompareSpec(**spec), ComparisonStore(workspace)
    stored = store.find(asked.run_ids, asked.rate, asked.resamples, asked.seed)
    if stored is None:
        dataset = RunStore(workspace).row(asked.run_ids[0]).dataset_id
        settings = {"rate": asked.rate, "resamples": asked.resamples, "seed": asked.seed}
        side = align(image_contestants(workspace, asked.run_ids))
        data = DatasetStore(workspace).get(dataset)
        stored = store.add(*study_images(side, data, **settings, progress=progress))
    return {"comparison_id": stored.id}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the comparison is still there."""
    from core.store.comparisons import ComparisonStore

    return ComparisonStore(workspace).get(result["comparison_id"]) is not None


TASK = TaskInfo("compare", 1, run, CompareSpec, stands)
