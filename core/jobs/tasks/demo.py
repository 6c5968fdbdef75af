"""The first result in one click: draw a sample dataset and train on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.jobs.tasks import sample, score, train
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.workspace import Workspace

SAMPLE_SHARE = 0.25  # of the progress bar


class DemoSpec(Spec):
    sample: str
    detector: str
    seed: int = 0


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"dataset_id", "model_id", "run_id"}``."""
    asked = DemoSpec(**spec)
    drawn = sample.run(progress.part(0.0, SAMPLE_SHARE), {"sample": asked.sample, "seed": asked.seed}, workspace)
    rest = {"dataset_id": drawn["dataset_id"], "detector": asked.detector, "seed": asked.seed}
    return drawn | train.run(progress.part(SAMPLE_SHARE, 1.0), rest, workspace)


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    return sample.stands(result, workspace) and score.stands(result, workspace)


TASK = TaskInfo("demo", 2, run, DemoSpec, stands)
