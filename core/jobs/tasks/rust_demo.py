"""The first progression in one click: draw rusting flanges and analyse them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.jobs.tasks import rust, rust_photos
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.severity.settings import RustSettings
from core.store.workspace import Workspace

SAMPLE_SHARE = 0.4  # of the progress bar


class RustDemoSpec(Spec):
    seed: int = Field(0, ge=0)
    settings: RustSettings = RustSettings()


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"set_id", "analysis_id"}``."""
    asked = RustDemoSpec(**spec)
    drawn = rust_photos.run(progress.part(0.0, SAMPLE_SHARE), {"sample_seed": asked.seed}, workspace)
    return rust.run(progress.part(SAMPLE_SHARE, 1.0), drawn | {"settings": asked.settings}, workspace)


TASK = TaskInfo("rust-demo", 2, run, RustDemoSpec, rust.stands)
