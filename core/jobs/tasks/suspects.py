"""Leave-one-out scores of the good training images: which of them do not look like the others?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.features.backbones_info import Backbone
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store import atomic
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace


class SuspectsSpec(Spec):
    dataset_id: str
    backbone: Backbone = "compact"


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"path"}``: parquet, oddest first: item, score, p (share of images at least as odd), suspicious."""
    progress.report(0, 1, "Loading the detector")
    import numpy as np
    import pandas as pd

    from core.detectors.suspects import leave_one_out, suspicious

    asked, store = SuspectsSpec(**spec), DatasetStore(workspace)
    normals = store.get_unchanged(asked.dataset_id).normals()
    scores = leave_one_out(normals, asked.backbone, progress)
    frame = pd.DataFrame({"item": list(scores), "score": list(scores.values())})
    frame = frame.sort_values(["score", "item"], ascending=[False, True], ignore_index=True)
    ascending = np.sort(frame["score"].to_numpy())
    frame["p"] = (len(frame) - np.searchsorted(ascending, frame["score"].to_numpy(), side="left")) / len(frame)
    frame["suspicious"] = frame["item"].isin(suspicious(scores))
    dest = store.folder(asked.dataset_id) / f"suspects-{asked.backbone}.parquet"
    atomic.write_bytes(dest, frame.to_parquet(index=False))
    return {"path": str(dest)}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    return Path(result["path"]).is_file()


TASK = TaskInfo("suspects", 3, run, SuspectsSpec, stands)
