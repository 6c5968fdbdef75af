"""Distil a compact backbone from ImageNet's ResNet-18 on the photographs of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from core.errors import UserError
from core.features.distill.config import DistillConfig
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.backbones import BackboneStore
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace


class DistillSpec(Spec):
    """``config``: what ``DistillConfig`` holds, as JSON."""

    dataset_id: str
    config: dict[str, Any] = Field(default_factory=dict, validate_default=True)

    @field_validator("config")
    @classmethod
    def _checked(cls, config: dict[str, Any]) -> dict[str, Any]:
        """With all defaults filled in, so that the same training is known for the same."""
        return DistillConfig.model_validate(config).model_dump(mode="json")


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"backbone_id"}``. An interrupted one goes on from its last checkpoint."""
    from core.features.distill.crops import Photographs
    from core.features.distill.training import distil

    asked = DistillSpec(**spec)
    config = DistillConfig.model_validate(asked.config)
    row = DatasetStore(workspace).row(asked.dataset_id)
    if row.modality != "image":
        raise UserError("A backbone learns from photographs, these are recordings", row.name, "Choose a set of images")
    data = DatasetStore(workspace).get_unchanged(asked.dataset_id)
    photographs = Photographs(data.items, config.seed)
    folder = progress.scratch / "distill" if progress.scratch else None
    distilled = distil(config, photographs, progress.part(0.0, 0.99), folder=folder)
    described = photographs.described(data.name, data.content_id)
    return {"backbone_id": BackboneStore(workspace).add(distilled, config, described).id}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the backbone is still there."""
    return BackboneStore(workspace).listed(result["backbone_id"])


TASK = TaskInfo("distill", 1, run, DistillSpec, stands)
