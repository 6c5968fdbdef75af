"""Runs sent to MLflow: what is sent, secrets that stay here, a server that is not there, and one that is."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.compare import mlflow_export
from core.errors import UserError
from core.jobs.tasks import tracking
from core.progress import Progress
from core.settings import settings
from core.store import DatasetStore, ModelStore, RunStore, Workspace
from core.store.scoring import score_folder
from tests.compare.sides import dataset
from tests.store import toy

METRICS = {
    "image_auroc": 0.9,
    "recall": None,
    "protocol": "words",
    "per_class": {"a, b": {"recall": 0.5, "recall_ci95": [0.1, 0.9]}},
    "ci95": {"image_auroc": [0.8, 1.0], "recall": None},
}
START_S = 120


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two models of the toy detector, each with a run over the same parts and a note."""
    from core.store.modelfolder import write_model

    made = Workspace(tmp_path / "workspace")
    data = dataset(tmp_path / "parts", [None] * 4 + ["good"] * 2 + ["bad"] * 4, masks=False)
    splits = {None: "train", "good": "test", "bad": "test"}
    items = [replace(item, split=splits[item.label], label=item.label or "good") for item in data.items]
    data = replace(data, items=tuple(items))
    DatasetStore(made).add(data)
    for k in (1, 2):
        write_model(tmp_path / f"model{k}", toy.fitted(data, gain=float(k)), name=f"Toy {k}", dataset=data)
        model = ModelStore(made).add(tmp_path / f"model{k}", f"Toy {k}")
        dest = RunStore(made).reserve(model.id, data.content_id)
        run = RunStore(made).add(
            score_folder(ModelStore(made).folder(model.id), data, dest, Progress()).folder, METRICS
        )
        RunStore(made).annotate(run.id, tags=["line 3"], note="sharp lens")
    return made


@pytest.fixture(autouse=True)
def toy_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.detectors import registry

    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)


def test_what_is_sent(workspace: Workspace) -> None:
    run = RunStore(workspace).everywhere()[0]
    model = ModelStore(workspace).get(run.model_id)
    found = mlflow_export.metrics(run, model)
    assert found["image_auroc"] == 0.9
    assert (found["image_auroc.ci95_low"], found["image_auroc.ci95_high"]) == (0.8, 1.0)
    assert found["per_class.a_ b.recall"] == 0.5
    assert found["fit_seconds"] == 0.25
    assert not {"recall", "recall.ci95_low", "protocol"} & set(found)
    assert mlflow_export.parameters(run, model)["gain"] == str(model.manifest.params["gain"])
    assert mlflow_export.parameters(run, model)["detector"] == "toy"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://me:secret@host:5000", "http://host:5000"),
        ("http://me:p@ss@host:5000/a", "http://host:5000/a"),
        ("http://host:5000", "http://host:5000"),
        ("sqlite:////folder/mlflow.db", "sqlite:////folder/mlflow.db"),
    ],
)
def test_an_address_is_shown_without_secrets(uri: str, shown: str) -> None:
    assert mlflow_export.without_secrets(uri) == shown


def test_bad_wishes_are_one_sentence(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunStore(workspace).everywhere()[0].id
    for runs, experiment, sentence in (([], "x", "no run to send"), ([run], " ", "experiment has no name")):
        with pytest.raises(UserError, match=sentence):
            mlflow_export.send(workspace, runs, uri="http://127.0.0.1:9", experiment=experiment)
    monkeypatch.setattr(mlflow_export, "installed", lambda: False)
    with pytest.raises(UserError, match="client is not installed"):
        mlflow_export.send(workspace, [run], uri="http://127.0.0.1:9", experiment="x")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settings.cache_clear()
    with pytest.raises(UserError, match="No MLflow server is set"):
        tracking.run(Progress(), {"run_ids": [run], "experiment": "x"}, workspace)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server over SQLite: the ``mlflow`` that MLFLOW_COMMAND names, else this environment's own."""
    command = os.environ.get("MLFLOW_COMMAND") or (importlib.util.find_spec("flask") and shutil.which("mlflow"))
    if not command or not mlflow_export.installed():
        pytest.skip("the whole of mlflow is not installed")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "log.txt").open("wb")
    running = subprocess.Popen(
        [command, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")],
        cwd=folder, env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    uri, until = f"http://127.0.0.1:{port}", time.monotonic() + START_S
    try:
        while True:
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=2).close()  # noqa: S310
                break
            except OSError:
                assert time.monotonic() < until and running.poll() is None, (folder / "log.txt").read_text()[-2000:]
                time.sleep(0.5)
        yield uri
    finally:
        os.killpg(running.pid, 15)
        running.wait(30)
        log.close()


@pytest.mark.benchmark
@pytest.mark.filterwarnings("default")  # those of MLflow and its requirements are not ours
def test_a_real_server_has_it_all_and_only_once(
    workspace: Workspace, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    settings.cache_clear()
    spec = {"run_ids": [row.id for row in RunStore(workspace).everywhere()], "experiment": "tiles of line 3"}
    first = tracking.run(Progress(), spec, workspace)
    again = tracking.run(Progress(), spec, workspace)
    assert again == first
    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("tiles of line 3")
    found = {run.data.tags["faultline.run"]: run for run in client.search_runs([experiment.experiment_id])}
    assert set(found) == set(spec["run_ids"])
    row = RunStore(workspace).everywhere()[0]
    run = found[row.id]
    assert run.info.status == "FINISHED"
    assert run.data.metrics == pytest.approx(mlflow_export.metrics(row, ModelStore(workspace).get(row.model_id)))
    assert run.data.params["detector"] == "toy"
    assert (run.data.tags["mlflow.note.content"], run.data.tags["faultline.tags"]) == ("sharp lens", "line 3")
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names == {"manifest.json", "run.json", "evaluation.json", "comparison.html"}
    folder = client.download_artifacts(run.info.run_id, "evaluation.json", str(tmp_path))
    assert json.loads(Path(folder).read_text()) == METRICS


@pytest.mark.benchmark
@pytest.mark.filterwarnings("default")
def test_a_server_that_is_not_there(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    run = RunStore(workspace).everywhere()[0].id
    with pytest.raises(UserError, match="did not take the runs") as told:
        mlflow_export.send(workspace, [run], uri="http://me:secret@127.0.0.1:9", experiment="x")
    assert "secret" not in str(told.value)
