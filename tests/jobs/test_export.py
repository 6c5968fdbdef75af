"""Export as a job: the file is there, says what the model says, and is offered again while it lasts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.jobs.table import JobTable
from core.jobs.tasks import TASKS, export, train
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace
from tests.ui import recordings

QUICK = {"window": 8, "latent": 4, "epochs": 1, "epoch_steps": 5}


def test_both_formats_are_written_and_compared(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    row = DatasetStore(workspace).add(recordings.machines())
    spec = {"dataset_id": row.id, "detector": "usad", "params": QUICK, "scope": "each"}
    model_id = train.run(Progress(), spec, workspace)["model_id"]
    for to, ending in export.ENDINGS.items():
        asked = TASKS["export"].checked({"model_id": model_id, "to": to, "machine": "pump-2"})
        found = export.run(Progress(), asked, workspace)
        assert Path(found["path"]).name == f"{model_id}-0001{ending}"
        assert found["windows"] >= export.WINDOWS
        assert found["difference"] < 1e-3
        assert export.stands(found, workspace)
    from core.detectors.series.exported import OnnxModel

    unit = recordings.machines().by_name["pump-2/test"]
    scores = OnnxModel(workspace.exports / f"{model_id}-0001.onnx").score(unit.values)
    assert np.isfinite(scores.surprise).all()


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    row = DatasetStore(workspace).add(recordings.machines())
    spec = {"dataset_id": row.id, "detector": "pca-t2q"}
    model_id = train.run(Progress(), spec, workspace)["model_id"]
    with pytest.raises(UserError, match="no neural network"):
        export.run(Progress(), {"model_id": model_id, "to": "onnx"}, workspace)
    with pytest.raises(UserError, match="export"):
        JobTable(workspace).submit("export", {"model_id": model_id, "to": "pickle"}, title="No")
