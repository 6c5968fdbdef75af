"""Add these images: a stored model takes in new good ones and becomes another model; its parent stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from core.datasets.said import Judgement, Said
from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.jobs.tasks.score import score, stands
from core.progress import Progress
from core.store import atomic
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.datasets.types import ImageSet
    from core.store.manifest import Manifest

EXTEND_SHARE = 0.7  # of the progress bar
SUFFIX = "extended"


class ExtendSpec(Spec):
    """``said``: a person's judgements of the new images (good, bad, unsure; by name); ``excluded`` are left out.
    ``home_labels`` and ``home_excluded`` are the same of the set that the model began with.
    ``from_dataset`` fills them in from the workspace. ``which`` good images are taken in: those that a person called
    good and the good training images, or all that nobody called bad."""

    model_id: str
    dataset_id: str
    which: Literal["good", "all"] = "good"
    said: dict[str, str] = Field(default_factory=dict)
    excluded: list[str] = Field(default_factory=list)
    home_labels: dict[str, Judgement] = Field(default_factory=dict)
    home_excluded: list[str] = Field(default_factory=list)


def from_dataset(
    workspace: Workspace, model_id: str, dataset_id: str, which: Literal["good", "all"] = "good"
) -> dict[str, Any]:
    """The specification with what people say of the images now, ready for ``JobTable.submit``."""
    store = DatasetStore(workspace)
    home = store.said(ModelStore(workspace).get(model_id).dataset_id)
    return {
        "model_id": model_id,
        "dataset_id": dataset_id,
        "which": which,
        "said": store.labels(dataset_id),
        "excluded": sorted(store.excluded(dataset_id)),
        "home_labels": dict(home.labels),
        "home_excluded": sorted(home.excluded),
    }


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"model_id", "parent_id", "run_id"}``: the run is over the set that the model began with."""
    asked = ExtendSpec(**spec)
    model_id = _extended_before(progress, workspace) or _extend(progress.part(0.0, EXTEND_SHARE), asked, workspace)
    home = ModelStore(workspace).get(model_id).dataset_id
    run_id = score(workspace, model_id, home, progress.part(EXTEND_SHARE, 1.0))
    return {"model_id": model_id, "parent_id": asked.model_id, "run_id": run_id}


def _extend(progress: Progress, asked: ExtendSpec, workspace: Workspace) -> str:
    from core.continual.stored import extend, good_of
    from core.store.continuedmodel import read_parent, write_continued

    progress.report(0, 1, "Loading the model")
    models, datasets = ModelStore(workspace), DatasetStore(workspace)
    row = models.get(asked.model_id)
    parent, manifest = read_parent(models.folder(asked.model_id))
    old = _learned_from(datasets, manifest)
    added = datasets.get_unchanged(asked.dataset_id)
    new = good_of(added, asked.said, asked.excluded, everything=asked.which == "all")
    home = Said(asked.home_labels, frozenset(asked.home_excluded))
    found = extend(parent, old, new, progress, home)
    name = f"{row.name.removesuffix(f' ({SUFFIX})')} ({SUFFIX})"
    with workspace.temporary() as staging:
        write_continued(
            staging / "model", found, name=name, parent=row.id, before=manifest, old=old, added=added
        )  # fmt: skip
        model_id = models.add(staging / "model", name).id
    if progress.scratch:
        atomic.write_json(progress.scratch / "extended.json", {"model_id": model_id})
    return model_id


def _learned_from(datasets: DatasetStore, manifest: Manifest) -> list[ImageSet]:
    """The sets that the parent learned from. UserError where one is not in the workspace."""
    from core.store.continuedmodel import learned_from

    found = []
    for dataset_id in learned_from(manifest):
        try:
            found.append(datasets.get_unchanged(dataset_id))
        except UserError as error:
            raise UserError(
                "The images that the model learned from are not at hand, so it cannot be calibrated anew",
                error.what,
                "Bring them in on the Data page",
            ) from None
    return found


def _extended_before(progress: Progress, workspace: Workspace) -> str | None:
    """The model of an earlier attempt at this same work that got no further than scoring."""
    note = progress.scratch / "extended.json" if progress.scratch else None
    if note is None or not note.is_file():
        return None
    model_id = str(json.loads(note.read_text())["model_id"])
    return model_id if any(row.id == model_id for row in ModelStore(workspace).list()) else None


TASK = TaskInfo("extend", 3, run, ExtendSpec, stands)
