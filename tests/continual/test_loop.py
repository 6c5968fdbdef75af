"""The loop: what it records, that it resumes bit-identically, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.continual import loop
from core.continual.checkpoint import pack_steps, read_arrays, unpack_steps, write_arrays
from core.continual.config import ContinualConfig, check_config
from core.continual.methods.names import BANKS, LOOP, REFERENCES
from core.continual.streams import build
from core.continual.types import MethodRun, Stream
from core.errors import Cancelled, UserError
from core.progress import Progress

SMALL: dict[str, Any] = {
    "kind": "plant", "tasks": 2, "steps": 8, "probe_normal": 20, "probe_anomalous": 8, "calibration": 40,
}  # fmt: skip
DRIFT = {"kind": "gain", "shape": "abrupt", "task": 1, "at": 0.5}


def _config(*methods: str, **stream: Any) -> ContinualConfig:
    learner = {"hidden": 16, "replay": 12, "memory_bytes": 20_000}
    shown = {**SMALL, **stream}
    return check_config({"name": "t", "stream": shown, "methods": methods, "learner": learner, "drifts": [DRIFT]})


@pytest.fixture(scope="module")
def stream() -> Stream:
    return build(_config("er"), 0)


def _equal(first: MethodRun, second: MethodRun) -> bool:
    one, other = pack_steps(first.steps), pack_steps(second.steps)
    memory = all(np.array_equal(a.ids, b.ids) for a, b in zip(first.memory, second.memory, strict=True))
    return memory and all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", [*LOOP, *REFERENCES])
def test_every_method_runs_and_resumes_bit_identically(
    name: str, stream: Stream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the second task, with drift under way."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    config, path = _config(name), tmp_path / "run.npz"
    whole = loop.run_method(stream, name, 0, config, Progress())

    def stop(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if fraction > 0.7:  # after step 12 of 16
            raise Cancelled

    with pytest.raises(Cancelled):
        loop.run_method(stream, name, 0, config, Progress(stop), path)
    assert int(read_arrays(path)["own"][0]) == 8
    assert _equal(whole, loop.run_method(stream, name, 0, config, Progress(), path))
    assert [one.kind for one in whole.steps].count("stream") == stream.steps
    assert {(one.task, one.about) for one in whole.steps if one.kind == "probe"} == {
        (task, about) for task in (-1, 0, 1) for about in (0, 1)
    }
    assert all(np.isfinite(one.score).all() and one.probability.min() >= 0 for one in whole.steps)


def test_a_learner_never_reads_the_truth_of_what_it_is_shown(stream: Stream) -> None:
    """With labels that never come, the truth changes nothing."""
    config = _config("dynamad", label_rate=0.0)
    untold = build(config, 0)
    run = loop.run_method(untold, "dynamad", 0, config, Progress())
    assert not run.memory[-1].severity.any()


def test_the_agnostic_setting_and_missing_modalities_run() -> None:
    config = _config("dynamad", setting="agnostic", missing=0.3, label_delay=3)
    run = loop.run_method(build(config, 0), "dynamad", 0, config, Progress())
    assert all(np.isfinite(one.score).all() for one in run.steps)


def test_the_threshold_is_that_of_normals_nobody_trained_on(stream: Stream) -> None:
    run = loop.run_method(stream, "er", 0, _config("er"), Progress())
    last = [one for one in run.steps if one.kind == "probe"][-1]
    rate = (last.score > last.threshold)[~last.label].mean()
    assert rate < 0.35
    assert run.latent["before"].shape == run.latent["after"].shape == (sum(len(task.probe) for task in stream.tasks), 2)


def test_a_run_keeps_every_method_and_seed_and_finds_its_checkpoints(tmp_path: Path) -> None:
    config = _config("finetune", "er").model_copy(update={"seeds": (3, 4)})
    first = loop.run(config, Progress(), tmp_path)
    assert [(one.seed, one.method) for one in first.runs] == [(3, "finetune"), (3, "er"), (4, "finetune"), (4, "er")]
    assert len(list(tmp_path.iterdir())) == 4
    second = loop.run(config, Progress(), tmp_path)  # nothing is computed again
    assert all(_equal(one, other) for one, other in zip(first.runs, second.runs, strict=True))
    assert [one.seconds for one in first.runs] == [one.seconds for one in second.runs]


def test_records_survive_the_disk(stream: Stream, tmp_path: Path) -> None:
    steps = loop.run_method(stream, "dynamad", 0, _config("dynamad"), Progress()).steps
    write_arrays(tmp_path / "a.npz", pack_steps(steps))
    back = unpack_steps(read_arrays(tmp_path / "a.npz"))
    assert [dict(one.state) for one in back] == [dict(one.state) for one in steps]
    assert all(np.array_equal(one.ids, other.ids) for one, other in zip(back, steps, strict=True))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_bad_input_is_refused_in_a_sentence(stream: Stream, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="checkpoint cannot be read"):
        read_arrays(tmp_path / "bad.npz")
    with pytest.raises(UserError, match="too small for one sample"):
        loop.run_method(stream, "er", 0, _small_memory(), Progress())
    one_class = replace(stream.tasks[0], probe=stream.tasks[0].probe.take(~stream.tasks[0].probe.label))
    with pytest.raises(UserError, match="judged on normals alone"):
        loop.check(replace(stream, tasks=(one_class,)))
    with pytest.raises(UserError, match="is empty"):
        loop.check(replace(stream, tasks=(replace(stream.tasks[0], train=[]),)))
    with pytest.raises(UserError, match="no continual method «err»"):
        loop.run_method(stream, "err", 0, _config("er"), Progress())
    for name in BANKS:
        with pytest.raises(UserError, match="no patches"):
            loop.run_method(stream, name, 0, _config("er"), Progress())


def _small_memory() -> ContinualConfig:
    config = _config("er")
    return config.model_copy(update={"learner": config.learner.model_copy(update={"memory_bytes": 100})})
