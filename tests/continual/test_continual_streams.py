"""Streams: what is told and when, what drifts, and that a chunk is the same whenever it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.continual.config import ContinualConfig, check_config
from core.continual.plant import FAULTS
from core.continual.streams import build, item, mixes
from core.continual.types import Batch, Stream, concatenate, task_of
from core.errors import UserError


def config(drifts: list[dict[str, Any]] | None = None, severity: str = "", **stream: Any) -> ContinualConfig:
    small = {"tasks": 2, "steps": 20, "probe_normal": 40, "probe_anomalous": 16, "calibration": 30}
    content = {"name": "t", "stream": {"kind": "plant", **small, **stream}, "methods": ["er"], "drifts": drifts or []}
    return check_config({**content, "severity": severity})


def same(first: Batch, second: Batch) -> bool:
    return np.array_equal(first.ids, second.ids) and all(
        np.array_equal(first.views[view], second.views[view], equal_nan=True) for view in first.views
    )


def seen(stream: Stream, task: int = 0) -> Batch:
    chunks = stream.tasks[task].train
    return concatenate([chunks[place].seen for place in range(len(chunks))])


def test_a_chunk_does_not_depend_on_when_it_is_asked_for() -> None:
    first, second = build(config(), 0), build(config(), 0)
    late = first.tasks[1].train[7]
    assert same(late.seen, second.tasks[1].train[7].seen) and same(late.seen, first.tasks[1].train[7].seen)
    assert late.step == 27 and first.task_at(27) is first.tasks[1] and first.steps == 40
    assert not same(late.seen, build(config(), 1).tasks[1].train[7].seen)
    with pytest.raises(IndexError):
        first.tasks[0].train[20]


def test_no_sample_is_in_two_parts() -> None:
    stream = build(config(), 0)
    parts = [batch.ids for task in stream.tasks for batch in (seen(stream, task.index), task.probe, task.calibration)]
    everything = np.concatenate(parts)
    assert len(np.unique(everything)) == len(everything)
    assert set(task_of(stream.tasks[1].probe.ids)) == {1}


def test_shares_in_stream_and_probe() -> None:
    stream = build(config(steps=250, tasks=1), 0)
    batch = seen(stream)
    assert batch.label.mean() == pytest.approx(0.08, abs=0.015)
    assert (batch.severity[batch.label] >= 0.7).mean() == pytest.approx(0.2, abs=0.08)
    assert np.array_equal(batch.severity, np.array(stream.severities, np.float32)[batch.fault])
    assert np.bincount(stream.tasks[0].probe.fault).tolist() == [40, 4, 4, 4, 4]
    assert not stream.tasks[0].calibration.label.any() and len(stream.tasks[0].calibration) == 30


def test_the_mix_turns_from_task_to_task() -> None:
    spec = config().stream
    severities = np.array([0, 0.95, 0.8, 0.5, 0.4], np.float32)
    found = mixes(3, (np.arange(5),) * 3, severities, spec)
    assert np.allclose(found.sum(axis=1), 1) and np.allclose(found[:, 0], 0.92)
    assert np.allclose(found[:, 1:3].sum(axis=1), 0.016)
    assert np.argmax(found[:, 1:3], axis=1).tolist() == [0, 1, 0]
    alone = mixes(1, (np.array([0, 3]),), severities, spec)
    assert alone[0].tolist() == pytest.approx([0.92, 0, 0, 0.08, 0])


def test_labels_come_late_and_over_the_edge_of_tasks() -> None:
    stream = build(config(label_delay=3), 0)
    assert len(stream.tasks[0].train[2].learn) == 0
    assert np.array_equal(stream.tasks[0].train[3].learn.ids, stream.tasks[0].train[0].seen.ids)
    assert np.array_equal(stream.tasks[1].train[1].learn.ids, stream.tasks[0].train[18].seen.ids)
    assert "after 3 steps" in stream.notes[0]


def test_what_nobody_labelled_passes_for_normal() -> None:
    stream = build(config(label_rate=0.5, steps=120, tasks=1), 0)
    chunks = [stream.tasks[0].train[place] for place in range(120)]
    told, truth = concatenate([one.learn for one in chunks]), concatenate([one.seen for one in chunks])
    assert told.known.mean() == pytest.approx(0.5, abs=0.04)
    assert np.array_equal(told.label, truth.label & told.known)
    hidden = ~told.known
    assert not told.fault[hidden].any() and not told.severity[hidden].any()
    assert truth.label[hidden].any(), "some of them were anomalies"
    assert truth.known.all()


@pytest.mark.parametrize(
    ("setting", "learned", "scored"), [("aware", 1, 1), ("incremental", 1, -1), ("agnostic", -1, -1)]
)
def test_concepts_are_told_as_the_setting_says(setting: str, learned: int, scored: int) -> None:
    stream = build(config(setting=setting), 0)
    chunk = stream.tasks[1].train[0]
    assert set(chunk.learn.concept) == {learned} and set(chunk.seen.concept) == {scored}
    assert set(stream.tasks[1].probe.concept) == {scored}
    assert set(stream.tasks[1].calibration.concept) == {learned}


def test_drift_comes_at_its_onset_and_in_its_task_alone() -> None:
    drifts = [{"kind": "gain", "task": 1, "at": 0.5}]
    clean, drifted = build(config(), 0), build(config(drifts), 0)
    assert [task.onset for task in drifted.tasks] == [None, 30]
    for task, place, changed in ((0, 15, False), (1, 9, False), (1, 10, True), (1, 19, True)):
        pair = (clean.tasks[task].train[place].seen, drifted.tasks[task].train[place].seen)
        assert same(*pair) is not changed
        if changed:
            moved = pair[1].views["vibration"] - pair[0].views["vibration"]
            assert np.allclose(moved[:, 1:], 2 * np.log(1.7), atol=1e-3)
            assert np.array_equal(pair[0].views["log"], pair[1].views["log"])
    task = drifted.tasks[1]
    assert same(task.probe, clean.tasks[1].probe), "the frozen probe does not drift"
    assert same(task.drifted(29), task.probe)
    after = task.drifted(30)
    assert np.allclose((after.views["vibration"] - task.probe.views["vibration"])[:, 1:], 2 * np.log(1.7), atol=1e-3)
    said = next(note for note in drifted.notes if "«gain»" in note)
    assert "abrupt, magnitude 1, in task 2 from step 30: labels stay true" in said


def test_a_load_switch_keeps_the_fault() -> None:
    drifts = [{"kind": "load", "task": 0, "at": 0.0}]
    stream = build(config(drifts, probe_normal=200, probe_anomalous=200), 0)
    task = stream.tasks[0]
    after, other = task.drifted(0), stream.tasks[1].probe
    for fault in (0, 1, 2):
        moved = after.views["vibration"][after.fault == fault].mean(axis=0)
        wanted = other.views["vibration"][other.fault == fault].mean(axis=0)
        assert np.abs(moved - wanted).max() < 0.5, fault
    assert np.array_equal(after.views["log"], task.probe.views["log"])


def test_missing_modalities_are_rows_of_nan_and_one_is_always_there() -> None:
    batch = seen(build(config(missing=0.4, tasks=1), 0))
    present = np.stack([batch.present(view) for view in ("vibration", "image", "log")], axis=1)
    assert present.any(axis=1).all()
    assert 1 - present.mean() == pytest.approx(0.4 * 2 / 3, abs=0.05)
    assert np.isnan(batch.views["image"][~batch.present("image")]).all()
    assert not batch.present("patches").any()


def test_a_sample_can_be_looked_at() -> None:
    asked = config([{"kind": "brightness", "task": 0, "at": 0.0}])
    stream = build(asked, 3)
    batch = seen(stream)
    place = int(np.argmax(batch.label))
    found = item(asked, 3, int(batch.ids[place]))
    assert found.fault == FAULTS[batch.fault[place]] and found.task == "regime 1"
    assert found.severity == batch.severity[place]
    raw = stream.tasks[0].raw(int(batch.ids[place]))
    assert {view: values.shape for view, values in raw.items()} == {
        "vibration": (256, 1), "image": (16, 16, 3), "log": (40, 2),
    }  # fmt: skip
    assert all(np.array_equal(raw[view], found.raw[view]) for view in raw)
    with pytest.raises(UserError, match="no sample"):
        item(asked, 3, 7_000_000)


def test_bad_configurations_are_told_in_a_sentence(tmp_path: Any) -> None:
    with pytest.raises(UserError, match=r"task 6, and the stream has 2"):
        build(config([{"kind": "gain", "task": 5}]), 0)
    table = tmp_path / "own.csv"
    table.write_text("failure_mode,severity\nbearing fault,0.9\nloose mount,0.8\n")
    with pytest.raises(UserError, match="no row for «log storm», «visual scratch»"):
        build(config(severity=str(table)), 0)


def test_another_severity_table_changes_hash_and_severities(tmp_path: Any) -> None:
    table = tmp_path / "own.csv"
    table.write_text(
        "failure_mode,S,O,D\nbearing fault,10,1,1\nloose mount,4,1,1\nlog storm,1.0,,\nvisual scratch,7,2,2\n"
    )
    stream = build(config(severity=str(table)), 0)
    assert stream.severities == pytest.approx((0, 1.0, 1 / 3, 0.0, 2 / 3))
    assert stream.severity_hash != build(config(), 0).severity_hash
