"""The continual job: interrupted, watched, gone on with, the same in the end to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.continual.config import check_config
from core.errors import Cancelled, UserError
from core.jobs.tasks import TASKS, continual
from core.progress import Progress
from core.store.continualrun import so_far
from core.store.continualruns import ContinualStore
from core.store.workspace import Workspace

CONFIG: dict[str, Any] = {
    "name": "tiny",
    "stream": {
        "kind": "plant", "tasks": 1, "steps": 60, "batch": 8, "probe_normal": 24, "probe_anomalous": 8,
        "calibration": 40,
    },
    "drifts": [{"kind": "offset", "task": 0}],
    "methods": ["er"],
    "seeds": [2],
    "evaluation": {"every": 10, "bootstrap": 100},
}  # fmt: skip


def stopping(scratch: Path, after: float) -> Progress:
    """Somebody presses Cancel when this share is done."""

    def sink(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if fraction >= after:
            raise Cancelled

    return Progress(sink, scratch=scratch)


def test_an_interrupted_run_goes_on_where_it_stood(tmp_path: Path) -> None:
    workspace, scratch = Workspace(tmp_path / "workspace"), tmp_path / "scratch"
    scratch.mkdir()
    config = check_config(CONFIG)
    with pytest.raises(Cancelled):
        continual.run(stopping(scratch, 0.9), {"config": CONFIG}, workspace)
    (partial,) = so_far(scratch, config)
    seen = [record for record in partial.steps if record.kind == "stream"]
    assert partial.method == "er" and 0 < len(seen) < 60, "what is known so far can be watched"
    result = continual.run(Progress(scratch=scratch), {"config": CONFIG}, workspace)
    straight = continual.run(Progress(), {"config": CONFIG}, workspace)
    store = ContinualStore(workspace)
    first, second = (store.get(one["run_id"]).method_run("er", 2) for one in (result, straight))
    assert len(first.steps) == len(second.steps)
    for a, b in zip(first.steps, second.steps, strict=True):
        assert (a.kind, a.step, a.threshold) == (b.kind, b.step, b.threshold)
        assert np.array_equal(a.score, b.score) and np.array_equal(a.probability, b.probability)
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(first.memory, second.memory, strict=True))
    assert continual.stands(result, workspace)
    store.remove(result["run_id"])
    assert not continual.stands(result, workspace)


def test_the_same_run_is_known_for_the_same() -> None:
    task = TASKS["continual"]
    spelled = task.checked({"config": {**CONFIG, "severity": "", "learner": {}}})
    assert task.identity(spelled) == task.identity(task.checked({"config": CONFIG}))
    with pytest.raises(UserError, match="no continual method «dynamed»"):
        task.checked({"config": {**CONFIG, "methods": ["dynamed"]}})
