"""Add these images, as a job: a new model beside its parent, its run, and what stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.continual import recalibrated
from core.datasets import readers
from core.datasets.synthetic.parts import write_parts
from core.detectors import training
from core.errors import UserError
from core.jobs.tasks import extend, train
from core.progress import Progress
from core.store.continuedmodel import continuation
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.runs import RunStore
from core.store.workspace import Workspace

SMALL = {"image_size": 64, "bank_size": 100}


def test_a_model_takes_in_images_and_its_parent_stays(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (training, recalibrated):
        monkeypatch.setattr(module, "FOLDS", 2)
    datasets, models = DatasetStore(workspace), ModelStore(workspace)
    write_parts(tmp_path / "old", train=6, test_good=2, per_defect=1, size=96)
    write_parts(tmp_path / "new", seed=5, train=5, test_good=1, per_defect=1, size=96)
    old, new = (datasets.add(readers.read(tmp_path / name, name=name)) for name in ("old", "new"))
    spec = {"dataset_id": old.id, "detector": "patchcore", "params": SMALL, "name": "First"}
    parent = train.run(Progress(), spec, workspace)["model_id"]
    names = [item.name for item in datasets.get(new.id).normals().items]
    datasets.set_label(new.id, names[0], "bad")
    asked = extend.from_dataset(workspace, parent, new.id)
    found = extend.run(Progress(), asked, workspace)
    row = models.get(found["model_id"])
    assert (row.name, row.dataset_id, found["parent_id"]) == ("First (extended)", old.id, parent)
    told = continuation(row.manifest)
    assert told is not None
    assert (told.parent, told.taken_in, told.datasets) == (parent, len(names) - 1, (old.id, new.id))
    assert RunStore(workspace).row(found["run_id"]).model_id == row.id
    assert {one.id for one in models.list()} == {parent, row.id}
    with pytest.raises(UserError, match="has 0 good images that the model does not know"):
        extend.run(Progress(), {**asked, "model_id": row.id}, workspace)
    (tmp_path / "old" / "train" / "good").rename(tmp_path / "gone")
    with pytest.raises(UserError, match="are not at hand, so it cannot be calibrated anew"):
        extend.run(Progress(), asked, workspace)
