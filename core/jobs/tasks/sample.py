"""Draw one of the synthetic datasets and bring it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace


class SampleSpec(Spec):
    sample: str
    seed: int = 0


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"dataset_id"}``."""
    from core.datasets import readers
    from core.datasets.samples import SAMPLES

    asked = SampleSpec(**spec)
    if asked.sample not in SAMPLES:
        raise UserError(f"There is no sample «{asked.sample}»", "", f"Choose one of {', '.join(SAMPLES)}")
    sample = SAMPLES[asked.sample]
    with workspace.temporary() as staging:
        files = staging / "files"
        sample.write(files, asked.seed, progress.part(0.0, 0.8))
        data = readers.read(files, name=sample.name, progress=progress.part(0.8, 1.0))
        return {"dataset_id": DatasetStore(workspace).adopt(files, data, sample.title).id}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the dataset is still listed."""
    return any(row.id == result["dataset_id"] for row in DatasetStore(workspace).list())


TASK = TaskInfo("sample", 1, run, SampleSpec, stands)
