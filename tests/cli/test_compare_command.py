"""``python -m core compare`` on run folders, and the job that does the same in a workspace."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from core.cli.main import main
from core.datasets import readers
from core.datasets.synthetic.parts import write_parts
from core.jobs.tasks import TASKS
from core.progress import Progress
from core.store import DatasetStore, ModelStore, RunStore, Workspace
from core.store.comparisons import ComparisonStore
from tests.compare.sides import run


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A dataset in files, and two runs over its test images."""
    folder = tmp_path_factory.mktemp("compare")
    write_parts(folder / "parts", seed=3, train=4, test_good=8, per_defect=3, size=96)
    data = readers.read(folder / "parts")
    rng = np.random.default_rng(0)
    for model, strength in (("a", 1.0), ("b", 0.3)):
        scores = [rng.random() + strength * (item.label == "bad") for item in data.items]
        run(folder / model, data, scores, model)
    return folder, data


def test_json_and_report_from_run_folders(compared, tmp_path, capsys):
    folder, data = compared
    arguments = ["compare", str(folder / "a"), str(folder / "b"), "--data", str(folder / "parts"), "--bootstrap", "50"]
    out = tmp_path / "report.zip"
    assert main([*arguments, "--miss", "10", "--pin", "model b", "--out", str(out), "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["modality"], result["dataset_id"]) == ("image", data.content_id)
    assert [row["name"] for row in result["models"]] == ["model a", "model b", "Guessing"]
    assert result["models"][0]["ci95"]["image_auprc"]
    assert {one["test"] for one in result["differences"]} >= {"DeLong", "McNemar exact", "paired bootstrap"}
    assert np.shape(result["agreement"]["kappa"]) == (2, 2)
    assert result["n_good"] + result["n_anomalous"] == result["n_images"]
    assert "than model b" in result["findings"][1] or "and model b" in result["findings"][1]
    assert [one["model"] for one in result["costs"]] == ["model a", "model b"]
    assert all(0 <= one["hindsight"] <= one["at_limit"] for one in result["costs"])
    assert set(zipfile.ZipFile(out).namelist()) >= {"report.html", "figures.csv", "images.parquet"}
    assert main(arguments) == 0
    assert "Counted are" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "A comparison needs two models"),
        (["{b}", "--rate", "2"], "not between 0 and 1"),
        (["{b}", "--pin", "nobody"], "There is no «nobody»"),
        (["{b}", "--out", "{a}"], "There is something there already"),
        (["{b}", "--model", "{a}"], "This is not a model"),
        (["{b}", "--bootstrap", "-1"], "no negative number"),
        (["{b}", "--miss", "nan"], "cannot be negative or without end"),
        (["{b}", "--miss", "5", "--defect-rate", "2"], "not between 0 and 1"),
        (["{here}"], "There are no scores here"),
    ],
)
def test_bad_input_is_one_sentence(compared, more, told, capsys):
    folder, _ = compared
    places = {"a": folder / "a", "b": folder / "b", "here": folder}
    rest = [word.format(**places) for word in more]
    assert main(["compare", str(folder / "a"), *rest, "--data", str(folder / "parts")]) == 2
    assert told in capsys.readouterr().err


def test_other_data_than_the_runs_scored_are_refused(compared, tmp_path, capsys):
    folder, _ = compared
    write_parts(tmp_path / "parts", seed=4, train=4, test_good=2, per_defect=1, size=96)
    assert main(["compare", str(folder / "a"), str(folder / "b"), "--data", str(tmp_path / "parts")]) == 2
    assert "another dataset" in capsys.readouterr().err


def test_the_job_keeps_the_comparison_and_finds_it_again(compared, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from tests.compare.sides import CALIBRATION

    folder, data = compared
    workspace = Workspace(tmp_path)
    store, runs = DatasetStore(workspace), RunStore(workspace)
    store.add(data)
    ids = []
    for model in "ab":
        dest = runs.reserve(model, data.content_id)
        dest.symlink_to(folder / model, target_is_directory=True)
        ids.append(runs.add(dest).id)
    known = SimpleNamespace(name="model", manifest=None)
    monkeypatch.setattr(ModelStore, "get", lambda self, model: known)
    monkeypatch.setattr(ModelStore, "folder", lambda self, model: tmp_path)
    monkeypatch.setattr("core.store.modelfolder.load_calibration", lambda folder: CALIBRATION)
    task = TASKS["compare"]
    spec = task.checked({"run_ids": ids, "rate": 0.05, "resamples": 20})
    assert task.identity(spec) == task.identity(task.checked({"run_ids": ids[::-1], "rate": 0.05, "resamples": 20}))
    result = task.function(Progress(), spec, workspace)
    assert task.stands(result, workspace)
    found = ComparisonStore(workspace).find(ids, 0.05, 20)
    assert found.id == result["comparison_id"]
    monkeypatch.setattr(DatasetStore, "get_unchanged", lambda *_: pytest.fail("computed twice"))
    assert task.function(Progress(), spec, workspace) == result
