"""Several processes that share each training step learn what one alone does."""

from __future__ import annotations

import operator
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core.continual import loop, parallel
from core.continual.checkpoint import read_arrays
from core.continual.config import ContinualConfig, check_config
from core.continual.parallel import ALONE, crew, processes
from core.errors import Cancelled, UserError
from core.progress import Progress

STREAM = {"kind": "plant", "tasks": 2, "steps": 8, "probe_normal": 20, "probe_anomalous": 8, "calibration": 40}


@pytest.fixture(autouse=True)
def _a_plain_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process runs its parent's main module first; a page's test leaves that page's script behind as such."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def _config(processes: int, *methods: str) -> ContinualConfig:
    learner = {"hidden": 16, "replay": 12, "memory_bytes": 20_000}
    content = {"name": "t", "stream": STREAM, "methods": methods, "learner": learner, "processes": processes}
    return check_config(content)


def _until(share: float) -> Progress:
    def stop(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if fraction > share:
            raise Cancelled

    return Progress(stop)


def test_two_processes_learn_what_one_does_and_go_on_where_one_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All losses at once: of the stream, of moved memories, of their divergence, of the tail."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    whole = loop.run(_config(1, "dynamad"), Progress(), tmp_path / "one")
    for several, share, reached in ((1, 0.3, 4), (2, 0.8, 12)):
        with pytest.raises(Cancelled):
            loop.run(_config(several, "dynamad"), _until(share), tmp_path / "two")
        (path,) = (tmp_path / "two").iterdir()
        assert int(read_arrays(path)["own"][0]) == reached
    shared = loop.run(_config(1, "dynamad"), Progress(), tmp_path / "two")

    assert shared.config_hash == whole.config_hash
    for one, other in zip(whole.runs[0].steps, shared.runs[0].steps, strict=True):
        assert np.array_equal(one.ids, other.ids)
        assert other.score == pytest.approx(one.score, abs=1e-5)
    for one_memory, other_memory in zip(whole.runs[0].memory, shared.runs[0].memory, strict=True):
        assert np.array_equal(one_memory.ids, other_memory.ids)
    weights, others = (_weights(folder) for folder in (tmp_path / "one", tmp_path / "two"))
    assert set(weights) == set(others)
    assert all(np.abs(weights[name] - others[name]).max() < 1e-6 for name in weights)


def _weights(folder: Path) -> dict[str, Any]:
    (path,) = folder.iterdir()
    return {name: values for name, values in read_arrays(path).items() if name.startswith("method/network/")}


def test_a_process_that_fails_is_told_in_a_sentence() -> None:
    fails = partial(operator.truediv, 1)  # by a crew
    with pytest.raises(UserError, match="A process of a data-parallel run ended"), crew(2, fails) as together:
        together.meet()


def test_a_process_that_ends_on_its_way_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_join", operator.truediv)  # cannot be called with what a process is sent
    with pytest.raises(UserError, match="A process of a data-parallel run ended"), crew(2, print):
        pytest.fail("nobody came")


def test_one_process_is_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    with crew(1, print) as together:
        assert together is ALONE
    assert ALONE.device.type == "cpu"
    for devices, asked, found in ((0, 0, 1), (1, 0, 1), (2, 0, 2), (0, 3, 3), (4, 1, 1)):
        monkeypatch.setattr("torch.cuda.device_count", lambda devices=devices: devices)
        assert processes(asked) == found
    with pytest.raises(UserError, match="processes"):
        _config(-1, "er")
