"""A backbone distilled as a job: kept in the workspace, offered again, taken up where it was stopped."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from core.datasets.readers import read_images
from core.errors import Cancelled, UserError
from core.features.backbones import load_backbone, load_compact
from core.features.distill import training
from core.features.distill.textures import texture
from core.jobs.table import JobTable
from core.jobs.tasks import TASKS, distill
from core.progress import Progress
from core.store.backbones import BackboneStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

TINY: dict[str, Any] = {
    "architecture": {"stem": 8, "blocks": (1, 1, 1), "widths": (8, 12, 16), "outputs": (10, 20)},
    "start": "random", "norms": "learnt", "steps": 3, "batch_size": 2, "size": 64,
}  # fmt: skip


@pytest.fixture
def dataset_id(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(training, "load_backbone", lambda name: load_backbone("compact"))
    monkeypatch.setattr(training, "MEASURED_ON", 2)
    (tmp_path / "pictures").mkdir()
    for number in range(26):
        cv2.imwrite(str(tmp_path / "pictures" / f"{number}.png"), texture(np.random.default_rng(number), 64))
    return DatasetStore(workspace).add(read_images(tmp_path / "pictures", format="parts")).id


def test_a_job_leaves_a_backbone_in_the_workspace(workspace: Workspace, dataset_id: str) -> None:
    store, spec = BackboneStore(workspace), TASKS["distill"].checked({"dataset_id": dataset_id, "config": TINY})
    assert store.list() == []
    result = distill.run(Progress(), spec, workspace)
    (row,) = store.list()
    assert result == {"backbone_id": row.id} and distill.stands(result, workspace)
    assert load_compact(row.path).sha256 == row.record["sha256"] and row.record["sha256"].startswith(row.id)
    assert row.record["photographs"]["learnt"] == 22 and row.record["config"] == spec["config"]
    assert distill.run(Progress(), spec, workspace) == result and len(store.list()) == 1
    damaged = workspace.backbones / ("f" * 16)
    damaged.mkdir()
    (damaged / "distilled.json").write_text("{")
    assert store.list() == [row], "one that is damaged hides no other"
    with pytest.raises(UserError, match="no such backbone"):
        store.row("0" * 16)


def test_a_backbone_goes_unless_a_model_needs_it(
    workspace: Workspace, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BackboneStore(workspace)
    distill.run(Progress(), TASKS["distill"].checked({"dataset_id": dataset_id, "config": TINY}), workspace)
    (row,) = store.list()
    assert row.path.stat().st_mode & 0o777 == (row.path.parent / "distilled.json").stat().st_mode & 0o777
    needs = SimpleNamespace(
        name="Flanges", manifest=SimpleNamespace(provenance={"backbone_sha256": row.record["sha256"]})
    )
    with monkeypatch.context() as patch:
        patch.setattr(ModelStore, "list", lambda self, deleted=False: [needs] if deleted else [])
        with pytest.raises(UserError, match=r"1 model needs this backbone.*Flanges"):
            store.remove(row.id)
    store.remove(row.id)
    assert store.list() == [] and not row.path.exists()


def test_a_stopped_job_goes_on(workspace: Workspace, dataset_id: str, tmp_path: Path) -> None:
    spec, said = TASKS["distill"].checked({"dataset_id": dataset_id, "config": TINY}), []

    def stop(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if "step 2 " in stage:
            raise Cancelled

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(Cancelled):
        distill.run(Progress(stop, scratch=scratch), spec, workspace)
    distill.run(Progress(log=said.append, scratch=scratch), spec, workspace)
    assert said == ["Training resumes after step 2 of 3"]


def test_a_senseless_configuration_is_refused_when_it_is_asked_for(workspace: Workspace, dataset_id: str) -> None:
    with pytest.raises(UserError, match=r"cannot be started: config"):
        JobTable(workspace).submit("distill", {"dataset_id": dataset_id, "config": {"loss": "l1"}}, title="Backbone")
