"""Emptying the bin: what was removed goes, with what hangs on it; nothing else does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from core.datasets.types import ImageSet
from core.progress import Progress
from core.store import DatasetStore, ModelStore, RunStore, Workspace
from core.store.bin import Bin
from core.store.scoring import score_folder
from core.ui.models.emptying import told
from tests.store.conftest import make_set


def _filled(workspace: Workspace, data: ImageSet, model: Path, tmp_path: Path) -> tuple[str, str]:
    """A dataset, a model of it and its run: ids of the first two."""
    dataset = DatasetStore(workspace).add(data)
    shutil.copytree(model, workspace.root / "copy")
    row = ModelStore(workspace).add(workspace.root / "copy", "Toy")
    place = RunStore(workspace).reserve(row.id, dataset.id)
    score_folder(workspace.models / row.id, data, place, Progress())
    RunStore(workspace).add(place)
    return dataset.id, row.id


def test_an_empty_bin_is_empty(workspace: Workspace, data: ImageSet, model: Path, tmp_path: Path) -> None:
    _filled(workspace, data, model, tmp_path)
    assert Bin(workspace).contents().empty and Bin(workspace).empty().n_bytes == 0
    assert len(list(workspace.runs.iterdir())) == len(list(workspace.models.iterdir())) == 1


def test_a_model_goes_with_its_runs_and_photographs_of_others_stay(
    workspace: Workspace, data: ImageSet, model: Path, tmp_path: Path
) -> None:
    dataset_id, model_id = _filled(workspace, data, model, tmp_path)
    DatasetStore(workspace).set_excluded(dataset_id, [data.items[0].name], True)
    DatasetStore(workspace).remove(dataset_id)
    assert Bin(workspace).contents().kept_datasets == 1, "a model was trained on it"
    ModelStore(workspace).remove(model_id)
    found = Bin(workspace).contents()
    assert {kind: n for kind, n in found.counts.items() if n} == {"models": 1, "datasets": 1, "runs": 1}
    assert found.n_bytes > 0 and told(found) == "1 model, 1 dataset and 1 run"
    assert Bin(workspace).empty() == found
    for folder in (workspace.models, workspace.runs, workspace.datasets):
        assert not any(folder.iterdir())
    assert all(item.path.exists() for item in data.items), "the user's own folder"
    assert DatasetStore(workspace).excluded(DatasetStore(workspace).add(data).id) == frozenset()


def test_photographs_that_a_model_took_in_later_stay(
    workspace: Workspace, data: ImageSet, model: Path, tmp_path: Path
) -> None:
    _, model_id = _filled(workspace, data, model, tmp_path)
    added = DatasetStore(workspace).add(make_set(tmp_path / "added", seed=1))
    with workspace.transaction() as db:
        path, ids = "$.provenance.continued.datasets", json.dumps([added.id])
        db.execute("UPDATE models SET manifest = json_set(manifest, '$.provenance.continued', json('{}'))")
        db.execute("UPDATE models SET manifest = json_set(manifest, ?, json(?))", (path, ids))
    DatasetStore(workspace).remove(added.id)
    assert Bin(workspace).contents().kept_datasets == 1 and Bin(workspace).contents().empty
    ModelStore(workspace).remove(model_id)
    assert Bin(workspace).contents().counts["datasets"] == 1
