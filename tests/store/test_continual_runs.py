"""Continual runs on disk: what was recorded comes back, under other severities too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.continual.config import check_config
from core.continual.metrics import report, with_severities
from core.continual.types import MemoryRecord, MethodRun, Records, StepRecord
from core.errors import UserError
from core.store.continualrun import ContinualRun, so_far, write_continual
from core.store.continualruns import ContinualStore
from core.store.workspace import Workspace

CONFIG = check_config({"name": "small", "stream": {"kind": "plant"}, "methods": ["er", "dynamad"], "seeds": [0, 3]})


def made() -> Records:
    """Records as a loop writes them, drawn at random."""
    generator = np.random.default_rng(0)

    def step(kind: Any, number: int, task: int) -> StepRecord:
        label = np.arange(30) < 12
        fault = np.where(label, np.arange(30) % 4 + 1, 0).astype(np.int16)
        severity = np.array([0, 0.95, 0.8, 0.5, 0.4], np.float32)[fault]
        score = generator.standard_normal(30).astype(np.float32) + label
        return StepRecord(
            kind, number, task, max(task, 0), np.arange(30), label, fault, severity, score.astype(np.float32),
            (1 / (1 + np.exp(-score))).astype(np.float32), 1.0, {"hellinger": 0.25, "alarm": 0.0},
        )  # fmt: skip

    def run(method: str, seed: int) -> MethodRun:
        steps = (step("probe", -1, -1), step("stream", 0, 0), step("drifted", 0, 0), step("probe", 0, 0))
        kept = MemoryRecord(
            0, np.arange(3), np.array([0, 1, 4], np.int16), np.array([0, 0.95, 0.4], np.float32),
            np.array([np.nan, 0.5, 0.25], np.float32), np.zeros(3, np.int8), 300,
        )  # fmt: skip
        latent = {"before": generator.standard_normal((5, 2)).astype(np.float32)}
        return MethodRun(method, seed, steps, (kept,), 2.5, 512.0, ("a note",), latent)

    runs = tuple(run(method, seed) for seed in CONFIG.seeds for method in CONFIG.methods)
    faults = ("normal", "bearing fault", "loose mount", "log storm", "visual scratch")
    return Records(
        "plant", CONFIG.sha256(), "hash", ("regime 1",), (10,), faults, (0.0, 0.95, 0.8, 0.5, 0.4), runs, ("told",)
    )


def test_what_was_written_comes_back_to_the_bit(tmp_path: Path) -> None:
    records = made()
    run = ContinualRun(write_continual(tmp_path / "run", CONFIG, records).folder)
    back = run.records()
    assert (back.tasks, back.onsets, back.faults, back.severities, back.notes) == (
        records.tasks, records.onsets, records.faults, records.severities, records.notes,
    )  # fmt: skip
    for first, second in zip(records.runs, back.runs, strict=True):
        assert (first.method, first.seed, first.seconds, first.notes) == (
            second.method, second.seed, second.seconds, second.notes,
        )  # fmt: skip
        assert np.array_equal(first.latent["before"], second.latent["before"])
        for a, b in zip(first.steps, second.steps, strict=True):
            assert (a.kind, a.step, a.task, a.about, a.threshold) == (b.kind, b.step, b.task, b.about, b.threshold)
            assert dict(a.state) == dict(b.state)
            for name in ("ids", "label", "fault", "severity", "score", "probability"):
                assert np.array_equal(getattr(a, name), getattr(b, name)), name
                assert getattr(a, name).dtype == getattr(b, name).dtype
        assert np.array_equal(first.memory[0].utility, second.memory[0].utility, equal_nan=True)
    assert run.config == CONFIG
    assert len(run.records(seeds=(3,)).runs) == 2


def test_the_report_lies_beside_it_and_follows_other_severities(tmp_path: Path) -> None:
    run = write_continual(tmp_path / "run", CONFIG, made())
    assert run.report == json.loads(json.dumps(report(run.records()).to_json()))
    other = report(with_severities(run.records(), dict.fromkeys(run.info.faults[1:], 0.9))).to_json()
    assert other["methods"]["er"]["caf1"] != run.report["methods"]["er"]["caf1"]
    assert other["methods"]["er"]["acc"] == run.report["methods"]["er"]["acc"]


def test_a_workspace_lists_removes_and_restores(tmp_path: Path) -> None:
    store = ContinualStore(Workspace(tmp_path))
    row = store.add(CONFIG, made())
    assert [one.id for one in store.list()] == [row.id] and row.methods == ("er", "dynamad") and row.seeds == (0, 3)
    assert row.headline["er"]["acc"] == store.get(row.id).report["methods"]["er"]["acc"]["mean"]
    store.remove(row.id)
    assert not store.list() and not store.listed(row.id)
    with pytest.raises(UserError, match="not in the workspace"):
        store.get(row.id)
    store.restore(row.id)
    assert store.listed(row.id)


def test_damage_is_told(tmp_path: Path) -> None:
    run = write_continual(tmp_path / "run", CONFIG, made())
    with pytest.raises(UserError, match="did not run on seed 1"):
        run.method_run("er", 1)
    (run.folder / "records" / "0-er.npz").write_bytes(b"torn")
    with pytest.raises(UserError, match="cannot be read"):
        run.method_run("er", 0)
    (run.folder / "run.json").write_text("{}")
    with pytest.raises(UserError, match=r"run\.json is damaged"):
        ContinualRun(run.folder)
    with pytest.raises(UserError, match="no continual run"):
        ContinualRun(tmp_path / "nowhere")
    with pytest.raises(UserError, match="already something"):
        write_continual(run.folder, CONFIG, made())


def test_nothing_is_recorded_before_a_run(tmp_path: Path) -> None:
    assert so_far(tmp_path, CONFIG) == ()
