"""Models over time as folders and zips, and runs: round trips, damage, strangers' files, refusals."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.compare.seriesrun import evaluate_run
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Split
from core.detectors.registry import parameters
from core.detectors.series.outline import Outline
from core.detectors.series.training import FittedSeries, train_series
from core.errors import UserError
from core.progress import Progress
from core.store import modelarchive
from core.store.manifest import FILE, read_manifest
from core.store.modelfolder import fitted_on, load_model, verify
from core.store.seriesmodel import load_series_model, write_series_model
from core.store.seriesrun import SeriesRun, score_series

MACHINES = 20  # more than a zip for one machine would hold files of


def unit(machine: str, split: Split, seed: int, n: int = 100) -> SeriesUnit:
    values = np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)
    events = (Event(60, 70, (1,)),) if split == "test" else ()
    return SeriesUnit(f"{machine}/{split}", machine, split, values, np.arange(n) * 0.5, events)


@pytest.fixture(scope="module")
def recordings() -> SeriesSet:
    """Twenty machines with odd names, a model each."""
    names = [f"pump {number} / ö" for number in range(MACHINES)]
    units = [
        unit(name, split, 2 * i + (split == "test")) for i, name in enumerate(names) for split in ("train", "test")
    ]
    sensors = (Sensor("a", "bar"), Sensor("b"), Sensor("c", role="condition"))
    return SeriesSet("pumps", Path(), "toy", sensors, tuple(units), time_unit="s", fleet=False)


@pytest.fixture(scope="module")
def fitted(recordings: SeriesSet) -> FittedSeries:
    return train_series("pca-t2q", parameters("pca-t2q", {}), 3, recordings, Progress())


@pytest.fixture
def folder(fitted: FittedSeries, recordings: SeriesSet, tmp_path: Path) -> Path:
    write_series_model(tmp_path / "model", fitted, name="pumps", dataset=recordings)
    return tmp_path / "model"


def forge(folder: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change a JSON file, and the manifest with it: what a stranger may hand in."""
    path = folder / name
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    sign(folder, name)


def spoilt(calibrations: Any, **tail: Any) -> Any:
    """With other values in every tail of *now*."""
    return {machine: one | {"now": one["now"] | tail} for machine, one in calibrations.items()}


def sign(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    manifest = json.loads((folder / FILE).read_text())
    manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (folder / FILE).write_text(json.dumps(manifest))


def test_round_trip(folder: Path, fitted: FittedSeries, recordings: SeriesSet) -> None:
    model, manifest = load_series_model(folder)
    assert (manifest.detector, manifest.seed, manifest.dataset.items) == ("pca-t2q", 3, 2 * MACHINES)
    assert (model.sensors, model.kind, model.time_unit) == (recordings.sensors, "series", "s")
    assert set(model.members) == set(recordings.machines) == set(manifest.dataset.categories)
    for each in recordings.test().units[:3]:
        mine, theirs = fitted.model.score(each), model.score(each)
        np.testing.assert_array_equal(mine.settled.surprise, theirs.settled.surprise)
        np.testing.assert_array_equal(mine.now.scores.parts, theirs.now.scores.parts)
    assert fitted_on(folder) == {each.sha256: "fit" for each in recordings.units if each.split == "train"}


def test_outline_knows_the_model_without_its_detector(folder: Path, fitted: FittedSeries) -> None:
    outline = Outline.load(folder / "state")
    assert outline.machines == tuple(sorted(fitted.model.members))
    assert [sensor.name for sensor in outline.signals] == ["a", "b"]
    machine = outline.machines[7]
    np.testing.assert_array_equal(outline.scaler(machine).centre, fitted.model.members[machine].scaler.centre)
    with pytest.raises(KeyError):
        outline.scaler("unknown")


def test_download_and_upload_of_many_machines(folder: Path, tmp_path: Path) -> None:
    modelarchive.pack(folder, tmp_path / "model.zip")
    modelarchive.unpack(tmp_path / "model.zip", tmp_path / "again")
    assert read_manifest(tmp_path / "again") == read_manifest(folder)
    assert set(load_series_model(tmp_path / "again")[0].members) == set(load_series_model(folder)[0].members)


@pytest.mark.parametrize("name", ["state/0000/../x.json", "state/00000/x.json", "state/0000/x.py", "state/0000", "/x"])
def test_zip_with_a_name_that_no_model_has_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    modelarchive.pack(folder, tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip", "a") as archive:
        archive.writestr(name, b"{}")
    with pytest.raises(UserError, match="which no model has"):
        modelarchive.unpack(tmp_path / "model.zip", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_altered_file_of_a_member_is_refused(folder: Path) -> None:
    path = folder / "state" / "0003" / "scaler.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="altered"):
        verify(folder)


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("state/model.json", lambda about: [], "description is missing or damaged"),
        ("state/model.json", lambda about: about | {"kind": "other"}, "description is missing or damaged"),
        ("state/model.json", lambda about: about | {"rate": -1}, "description is missing or damaged"),
        ("state/model.json", lambda about: about | {"extra": 1}, "description is missing or damaged"),
        ("state/model.json", lambda about: about | {"members": []}, "description is missing or damaged"),
        ("state/model.json", lambda about: about | {"members": ["x"]}, "calibrations are not those of its members"),
        ("state/model.json", lambda about: about | {"members": about["members"][::-1]}, "missing or damaged"),
        ("state/model.json", lambda about: about | {"sensors": about["sensors"][:2]}, "scaling is that of other"),
        ("state/model.json", lambda about: about | {"frontend": {"kind": "bands"}}, "missing or damaged"),
        ("state/0000/scaler.json", lambda columns: {}, "scaling cannot be read"),
        ("calibration.json", lambda found: {}, "calibration is empty"),
        ("calibration.json", lambda found: [], "calibration is damaged"),
        ("calibration.json", lambda found: spoilt(found, n="many"), "calibration is damaged"),
        ("calibration.json", lambda found: spoilt(found, n=0), "calibration is damaged"),
        ("calibration.json", lambda found: spoilt(found, knots=[]), "calibration is damaged"),
        ("calibration.json", lambda found: spoilt(found, logs=[0.0]), "calibration is damaged"),
        ("calibration.json", lambda found: spoilt(found, tail=[1.0]), "calibration is damaged"),
        ("calibration.json", lambda found: spoilt(found, threshold=float("nan")), "calibration is damaged"),
        ("calibration.json", lambda found: {key: {"now": 1} for key in found}, "calibration is damaged"),
    ],
)  # fmt: skip
def test_forged_files_stay_one_sentence(
    folder: Path, name: str, change: Callable[[Any], Any], sentence: str
) -> None:  # fmt: skip
    forge(folder, name, change)
    with pytest.raises(UserError, match=sentence):
        load_series_model(folder)


@pytest.mark.parametrize(
    ("detector", "change"),
    [
        ("pca-t2q", lambda arrays: {name: array[:1] for name, array in arrays.items()}),
        ("pca-t2q", lambda arrays: {}),
        ("kmeans", lambda arrays: {"centroids": np.zeros((2, 20, 7))}),
        ("iforest", lambda arrays: arrays | {"right": arrays["right"] * 0}),
        ("kalman", lambda arrays: {name: array[:1] for name, array in arrays.items()}),
    ],
)
def test_forged_state_stays_one_sentence(
    recordings: SeriesSet, tmp_path: Path, detector: str, change: Callable[[Any], Any]
) -> None:
    data = recordings.of([unit("pump", "train", 0, 300)])
    fitted = train_series(detector, parameters(detector, {}), 0, data, Progress())
    write_series_model(tmp_path / "model", fitted, name="pump", dataset=data)
    name = "state/0000/arrays.safetensors"
    path = tmp_path / "model" / name
    save_file({key: np.ascontiguousarray(array) for key, array in change(load_file(path)).items()}, path)
    sign(tmp_path / "model", name)
    with pytest.raises(UserError, match=r"model's (state|trees)"):
        load_series_model(tmp_path / "model")


def test_model_of_recordings_is_not_taken_for_one_of_images(folder: Path) -> None:
    with pytest.raises(UserError, match="judges recordings, not images"):
        load_model(folder)


def test_run_holds_every_step_and_the_parts_of_each_unit(
    folder: Path, recordings: SeriesSet, fitted: FittedSeries, tmp_path: Path
) -> None:
    run = SeriesRun(score_series(folder, recordings, tmp_path / "run", Progress()).folder)
    test = recordings.test()
    assert run.info.units == tuple(each.name for each in test.units)
    assert (run.info.n_steps, run.info.sensors) == (test.n_steps, ("a", "b"))
    each = test.units[11]
    rows, expected = run.scores(each.name), fitted.model.score(each)
    np.testing.assert_array_equal(rows["settled"], expected.settled.scores.score)
    np.testing.assert_array_equal(rows["surprise_now"], expected.now.surprise)
    np.testing.assert_array_equal(rows["label"], each.labels())
    np.testing.assert_array_equal(rows["time"], each.time)
    np.testing.assert_array_equal(run.parts(each.name, "now"), expected.now.scores.parts)
    assert set(run.scores(columns=["role"])["role"]) == {"unseen"}


def test_roles_tell_what_was_learned_from_even_under_another_name(
    folder: Path, recordings: SeriesSet, tmp_path: Path
) -> None:
    train = recordings.units[0]
    renamed = recordings.of([replace(train, name="looks new", split="test"), recordings.units[1]])
    rows = score_series(folder, renamed, tmp_path / "run", Progress()).scores()
    assert rows.groupby("unit", observed=True)["role"].first().to_dict() == {
        "looks new": "fit",
        recordings.units[1].name: "unseen",
    }


def test_machine_that_was_not_learned_is_told_before_the_work(
    folder: Path, recordings: SeriesSet, tmp_path: Path
) -> None:
    stages: list[str] = []
    data = recordings.of([*recordings.units, unit("new", "test", 99)])
    with pytest.raises(UserError, match="not learned the machine «new»"):
        score_series(folder, data, tmp_path / "run", Progress(lambda share, stage, figures: stages.append(stage)))
    assert "Scoring" not in stages and not (tmp_path / "run").exists()


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no scores here"):
        SeriesRun(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        SeriesRun(tmp_path)


def test_rows_are_not_scored_by_a_model_of_time(folder: Path, recordings: SeriesSet, tmp_path: Path) -> None:
    rows = replace(recordings, kind="rows")
    with pytest.raises(UserError, match="the data holds independent rows"):
        score_series(folder, rows, tmp_path / "run", Progress())


def test_each_machine_keeps_its_checkpoints_apart(tmp_path: Path) -> None:
    progress = Progress(scratch=tmp_path)
    first, second = progress.apart("0000"), progress.part(0.5, 1.0).apart("0001")
    assert (first.scratch, second.scratch) == (tmp_path / "0000", tmp_path / "0001")
    assert first.scratch is not None and first.scratch.is_dir()
    assert Progress().apart("0000").scratch is None


def test_machines_that_are_normal_or_anomalous_throughout_are_judged_together(tmp_path: Path) -> None:
    """Otherwise there is no figure that needs both: the bearings of CWRU."""
    normal = np.random.default_rng(1).standard_normal((4, 300, 2)).astype(np.float32)
    time = np.arange(300.0)
    units = [
        SeriesUnit("train", "one", "train", normal[0], time, ()),
        SeriesUnit("healthy", "one", "test", normal[1], time, ()),
        SeriesUnit("worn", "two", "test", normal[2] + 4, time, (Event(0, 300),)),
    ]
    data = SeriesSet("bearings", Path(), "toy", (Sensor("a"), Sensor("b")), tuple(units))
    done = train_series("pca-t2q", parameters("pca-t2q", {}), 0, data, Progress())
    write_series_model(tmp_path / "model", done, name="m", dataset=data)
    run = score_series(tmp_path / "model", data, tmp_path / "run", Progress())
    found = evaluate_run(run, tmp_path / "model", data, bootstrap=0)
    assert found is not None
    assert list(found["per_machine"]) == ["all machines"]
    assert found["auc_roc"] > 0.99
