"""Bring photographs for an analysis of rust in: a folder, a zip, uploaded files or the sample."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.workspace import Workspace

SAMPLE = "rust"


class RustPhotosSpec(Spec):
    """One of ``path`` (a folder), ``archive`` (a zip) and ``sample_seed`` (draws the sample). What lies among the
    workspace's uploads is removed once it is copied, or where it cannot be read."""

    path: Path | None = None
    archive: Path | None = None
    sample_seed: int | None = Field(None, ge=0)
    name: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.path, self.archive, self.sample_seed)) != 1:
            raise ValueError("give one of a folder (path), a zip (archive) and sample_seed")
        return self


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"set_id"}``."""
    from core.store.rustphotos import RustPhotoStore

    asked, store = RustPhotosSpec(**spec), RustPhotoStore(workspace)
    if asked.sample_seed is not None:
        return {"set_id": _sample(asked.sample_seed, progress, workspace)}
    source = asked.archive or asked.path
    if source is None:
        raise ValueError("RustPhotosSpec lets no specification without a source through")
    name = asked.name or source.stem
    try:
        if asked.archive is None:
            return {"set_id": store.add(source, name, progress).id}
        from core.datasets import archives

        with workspace.temporary() as staging:
            archives.unpack(source, staging / "files", progress.part(0.0, 0.3))
            return {"set_id": store.add(staging / "files", name, progress.part(0.3, 1.0)).id}
    except OSError as error:
        raise UserError("The photographs cannot be read", str(error.filename or source), "Add them again") from error
    finally:
        if source.resolve().is_relative_to(workspace.uploads):
            token = source.resolve().relative_to(workspace.uploads).parts[0]
            shutil.rmtree(workspace.uploads / token, ignore_errors=True)


def _sample(seed: int, progress: Progress, workspace: Workspace) -> str:
    from core.datasets.samples import SAMPLES
    from core.store.rustphotos import RustPhotoStore

    sample = SAMPLES[SAMPLE]
    with workspace.temporary() as staging:
        sample.write(staging / "files", seed, progress.part(0.0, 0.8))
        return RustPhotoStore(workspace).add(staging / "files", sample.title, progress.part(0.8, 1.0)).id


# A folder or an upload may hold other photographs by now, so an earlier result is never offered for it.
TASK = TaskInfo("rust-photos", 1, run, RustPhotosSpec)
