"""Run a continual comparison; interrupted, it goes on where it stood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.workspace import Workspace


class ContinualSpec(Spec):
    """``config``: what ``core.continual.config.ContinualConfig`` holds, as JSON."""

    config: dict[str, Any]

    @field_validator("config")
    @classmethod
    def _checked(cls, config: dict[str, Any]) -> dict[str, Any]:
        """With all defaults filled in, so that the same run is known for the same. UserError in one sentence."""
        from core.continual.config import check_config

        return check_config(config).model_dump(mode="json")


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"run_id"}``."""
    from core.continual import loop
    from core.continual.config import check_config
    from core.store.continualruns import ContinualStore

    config = check_config(ContinualSpec(**spec).config)
    records = loop.run(config, progress.part(0.0, 0.98), progress.scratch)
    progress.report(0.98, 1, "Writing the report")
    return {"run_id": ContinualStore(workspace).add(config, records).id}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the run is still listed."""
    from core.store.continualruns import ContinualStore

    return ContinualStore(workspace).listed(result["run_id"])


TASK = TaskInfo("continual", 2, run, ContinualSpec, stands)
