"""Recordings on the command line: inspect, train, score, evaluate, export, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.cli.main import main
from core.datasets.recordings import faultline
from core.datasets.series import Event
from core.datasets.synthetic.machines import pump
from core.progress import Progress

QUICK = ("--bootstrap", "10")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recordings") / "pump"
    faultline.write(pump.make(0, steps=8400), out, Progress())
    return out


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "pca"
    assert main(["train", "pca-t2q", "--data", str(data), "--out", str(out)]) == 0
    return out


def _json(path: Path, *arguments: str) -> Any:
    assert main([*arguments, "--json", str(path)]) == 0
    return json.loads(path.read_text())


def test_inspect_counts_what_there_is(data: Path, tmp_path: Path) -> None:
    found = _json(tmp_path / "found.json", "inspect", str(data))
    assert (found["n_units"], found["n_steps"], found["kind"]) == (3, 3 * 8400, "series")
    assert [sensor["name"] for sensor in found["sensors"]] == [sensor.name for sensor in pump.SENSORS]


def test_score_writes_a_row_for_every_step_and_parts_for_every_sensor(data: Path, model: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(["score", str(model), "--data", str(data), "--out", str(run)]) == 0
    rows = pd.read_parquet(run / "scores.parquet")
    assert rows.groupby("unit", observed=True).size().to_dict() == {"test-faults": 8400, "test-normal": 8400}
    assert np.isfinite(rows[["now", "settled", "surprise_now", "surprise_settled"]].to_numpy()).all()
    assert np.load(run / "parts.now.npy").shape == (16800, len(pump.SENSORS))
    assert set(rows["role"]) == {"unseen"}


@pytest.mark.parametrize("threshold", ["fixed", "adaptive", "dynamic"])
def test_evaluate_finds_the_faults_and_their_sensors(data: Path, model: Path, tmp_path: Path, threshold: str) -> None:
    found = _json(tmp_path / "e.json", "evaluate", str(model), "--data", str(data), "--threshold", threshold, *QUICK)
    assert found["vus_pr"] > found["baselines"]["abs_z"]["vus_pr"] > found["baselines"]["random"]["vus_pr"] + 0.2
    assert found["top1"] > 0.8
    low, high = found["ci95"]["vus_pr"]
    assert low <= found["vus_pr"] <= high
    if threshold == "fixed":
        assert found["far"] < 0.01


def test_now_and_settled_are_both_judged(data: Path, model: Path, tmp_path: Path) -> None:
    found = _json(
        tmp_path / "e.json", "evaluate", str(model), "--data", str(data), "--mode", "now", "--rate", "0.01", *QUICK
    )
    assert found["far"] < 0.05


def test_runs_to_failure_are_judged_by_their_lead_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, model = tmp_path / "turbofan", tmp_path / "model"
    assert main(["sample", "turbofan", "--out", str(data)]) == 0
    assert main(["train", "pca-t2q", "--data", str(data), "--out", str(model)]) == 0
    capsys.readouterr()
    found = _json(tmp_path / "e.json", "evaluate", str(model), "--data", str(data), "--rate", "0.005", *QUICK)
    assert found["run_to_failure"]["detected"] > 0.9
    assert found["run_to_failure"]["far_healthy"] < 0.02
    shown = capsys.readouterr().out
    assert "lead_median" in shown
    assert ("vus_pr " in shown) == bool(found["per_machine"])  # no table of figures that there cannot be


def test_exported_model_scores_like_the_model(data: Path, tmp_path: Path) -> None:
    model, exported = tmp_path / "vae", tmp_path / "vae.onnx"
    options = ["--set", "steps=150", "--set", "window=16", "--set", "width=8", "--set", "beta=0"]
    assert main(["train", "series-vae", "--data", str(data), "--out", str(model), *options]) == 0
    assert main(["export", str(model), "--to", "onnx", "--out", str(exported)]) == 0
    assert main(["score", str(model), "--data", str(data), "--out", str(tmp_path / "a")]) == 0
    assert main(["score", str(exported), "--data", str(data), "--out", str(tmp_path / "b")]) == 0
    ours, theirs = (pd.read_parquet(tmp_path / name / "scores.parquet") for name in ("a", "b"))
    merged = ours.merge(theirs, on=["unit", "step"], suffixes=("", "_onnx"))
    clean = np.isfinite(merged["now_onnx"]) & (merged["unit"] == "test-normal")  # no hole began before its window
    assert clean.sum() == 8400
    assert np.allclose(merged["now"][clean], merged["now_onnx"][clean], rtol=1e-3, atol=1e-3)


def test_detector_of_images_is_refused_for_recordings(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "patchcore", "--data", str(data), "--out", str(tmp_path / "m")]) == 2
    assert "learns from images" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_rows_without_time_are_refused_by_detectors_that_need_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "mapping.yaml").write_text("kind: rows\nsensors: [a, b, c]\n", encoding="utf-8")
    arguments = ["--data", str(tmp_path / "rows.csv"), "--mapping", str(tmp_path / "mapping.yaml")]
    assert main(["train", "kalman", *arguments, "--out", str(tmp_path / "m")]) == 2
    assert "independent rows" in capsys.readouterr().err
    assert main(["train", "kmeans", *arguments, "--set", "clusters=3", "--out", str(tmp_path / "ok")]) == 0
    assert json.loads((tmp_path / "ok" / "manifest.json").read_text())["params"]["window"] == 1


def test_missing_sensor_is_named(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    pd.DataFrame(rng.normal(size=(300, 2)), columns=["flow", "speed"]).to_csv(tmp_path / "few.csv", index=False)
    assert main(["score", str(model), "--data", str(tmp_path / "few.csv"), "--out", str(tmp_path / "r")]) == 2
    assert "tank_level" in capsys.readouterr().err


def test_machines_that_cannot_be_learned_are_told_and_count_as_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = pump.make(0, steps=8400)
    train, _, faulty = whole.units
    short = [replace(one.cut(0, 5), name=f"{one.name} short", machine="short") for one in (train, faulty)]
    hit = replace(short[1], events=(Event(1, 3),))
    faultline.write(replace(whole.of([train, faulty, short[0], hit]), fleet=False), tmp_path / "d", Progress())
    data, model = str(tmp_path / "d"), str(tmp_path / "m")
    assert main(["train", "kmeans", "--data", data, "--out", model]) == 0
    assert "left out: short: " in capsys.readouterr().out
    found = _json(tmp_path / "e.json", "evaluate", model, "--data", data, *QUICK)
    assert set(found["per_machine"]) == {"pump-1", "short"}
    assert found["n_events"] == len(faulty.events or ()) + 1
