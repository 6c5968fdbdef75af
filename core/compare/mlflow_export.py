"""Runs as runs of an MLflow server: settings, figures with intervals, tags, and the files that prove them.

The workspace stays the truth. A run that was sent before is found by its name and brought up to date, never doubled.
The client library is not one of Faultline's own requirements (``pip install mlflow-skinny``).
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.progress import Progress
from core.store import atomic
from core.store.datasets import DatasetRow, DatasetStore
from core.store.models import ModelRow, ModelStore
from core.store.runs import RunRow, RunStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG = "faultline."  # before the names of everything that is not MLflow's own
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}  # its own are minutes
LONGEST_VALUE, LONGEST_TAG = 6000, 5000  # characters that MLflow takes
_UNFIT = re.compile(r"[^\w./: -]")  # in a name
_SECRET = re.compile(r"//[^/\s]+@")  # to the last @: a password may hold one


@dataclass(frozen=True)
class Sent:
    """A run of the workspace and the MLflow run that it became."""

    run_id: str
    name: str
    mlflow_run_id: str
    experiment_id: str


def installed() -> bool:
    """Whether the client library is there; nothing is imported."""
    return importlib.util.find_spec("mlflow") is not None


def without_secrets(uri: str) -> str:
    """An address fit to be shown: a user name and password in it are left out."""
    return _SECRET.sub("//", uri)


def send(
    workspace: Workspace,
    run_ids: Sequence[str],
    *,
    uri: str,
    experiment: str,
    reports: Mapping[str, Path] | None = None,
    progress: Progress = Progress(),
) -> list[Sent]:
    """Send runs to an experiment, which is made where it is missing. ``reports`` are files to keep beside a run.

    UserError where the library is missing, no run is named, or the server cannot be reached or refuses.
    """
    if not run_ids:
        raise UserError("There is no run to send", "", "Name at least one")
    if not experiment.strip():
        raise UserError("The experiment has no name", "", "Give it one")
    if not installed():
        raise UserError("The MLflow client is not installed", "", "pip install mlflow-skinny")
    found = [_read(workspace, run_id) for run_id in run_ids]
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    sent = []
    with _told(uri):
        progress.report(0, len(found), "Reaching the MLflow server")
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
        known = client.get_experiment_by_name(experiment)
        experiment_id = known.experiment_id if known else client.create_experiment(experiment)
        for done, (run, model, dataset) in enumerate(found):
            progress.report(done, len(found), f"Sending {model.name}")
            mlflow_run = _run(client, experiment_id, run, model, dataset)
            _log(client, mlflow_run, run, model)
            _attach(client, mlflow_run, workspace, run, (reports or {}).get(run.id))
            client.set_terminated(mlflow_run, "FINISHED")
            sent.append(Sent(run.id, model.name, mlflow_run, str(experiment_id)))
    progress.report(1, 1, "Sent")
    return sent


def parameters(run: RunRow, model: ModelRow) -> dict[str, str]:
    """The settings of a run as MLflow's parameters."""
    manifest = model.manifest
    found = {
        "detector": model.detector,
        "seed": manifest.seed,
        "dataset": run.dataset_id,
        "calibration.scheme": manifest.calibration.scheme,
        "calibration.n": manifest.calibration.n,
        **manifest.params,
    }
    return {fit(name): _text(value)[:LONGEST_VALUE] for name, value in found.items()}


def metrics(run: RunRow, model: ModelRow) -> dict[str, float]:
    """Every finite figure of the evaluation, the ends of its 95 % interval beside it, those of classes and baselines
    under their names; what the fit took."""
    found: dict[str, float] = {
        "fit_seconds": model.manifest.fit_seconds,
        "peak_rss_mib": model.manifest.peak_rss_mib,
    }
    for name, value in _numbers("", {key: value for key, value in (run.metrics or {}).items() if key != "ci95"}):
        found[fit(name)] = value
    for name, ends in ((run.metrics or {}).get("ci95") or {}).items():
        if ends:
            found |= {fit(f"{name}.ci95_low"): float(ends[0]), fit(f"{name}.ci95_high"): float(ends[1])}
    return found


def fit(name: str) -> str:
    """A name that MLflow takes: letters, digits and ``_ - . space : /``, at most 250 of them."""
    return (_UNFIT.sub("_", name) or "_")[:250]


def _numbers(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _numbers(f"{name}.", value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield name, float(value)


def _read(workspace: Workspace, run_id: str) -> tuple[RunRow, ModelRow, DatasetRow]:
    run = RunStore(workspace).row(run_id)
    return run, ModelStore(workspace).get(run.model_id), DatasetStore(workspace).row(run.dataset_id)


def _run(client: MlflowClient, experiment: str, run: RunRow, model: ModelRow, dataset: DatasetRow) -> str:
    """The MLflow run of this very run, made where it is not there."""
    own = f"tags.`{TAG}run` = '{run.id}'"
    tags = {
        f"{TAG}run": run.id,
        f"{TAG}model": model.id,
        f"{TAG}dataset": dataset.name,
        f"{TAG}tags": " ".join(run.tags),
        "mlflow.note.content": run.note,
    }
    found = client.search_runs([experiment], filter_string=own, max_results=1)
    if found:
        mlflow_run = str(found[0].info.run_id)
    else:
        started = int(1000 * run.created_at)
        mlflow_run = str(client.create_run(experiment, start_time=started, run_name=model.name).info.run_id)
    for name, value in tags.items():
        client.set_tag(mlflow_run, name, value[:LONGEST_TAG])
    return mlflow_run


def _log(client: MlflowClient, mlflow_run: str, run: RunRow, model: ModelRow) -> None:
    """In batches of what MLflow takes at once: 100 parameters, 1,000 metrics."""
    from mlflow.entities import Metric, Param

    now = int(1000 * time.time())
    params = [Param(name, value) for name, value in parameters(run, model).items()]
    values = [Metric(name, value, now, 0) for name, value in metrics(run, model).items()]
    for start in range(0, len(params), 100):
        client.log_batch(mlflow_run, params=params[start : start + 100])
    for start in range(0, len(values), 500):
        client.log_batch(mlflow_run, metrics=values[start : start + 500])


def _attach(client: MlflowClient, mlflow_run: str, workspace: Workspace, run: RunRow, report: Path | None) -> None:
    client.log_artifact(mlflow_run, str(workspace.models / run.model_id / "manifest.json"))
    client.log_artifact(mlflow_run, str(workspace.runs / run.id / "run.json"))
    if report is not None:
        client.log_artifact(mlflow_run, str(report))
    if run.metrics is not None:
        with workspace.temporary() as folder:
            atomic.write_bytes(folder / "evaluation.json", json.dumps(run.metrics, indent=1).encode())
            client.log_artifact(mlflow_run, str(folder / "evaluation.json"))


@contextmanager
def _told(uri: str) -> Iterator[None]:
    """What the client or the network may say, as a sentence without a password in it."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError, ImportError) as error:  # requests' errors are OSErrors; a database has its driver
        said = without_secrets(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
        raise UserError(
            f"The MLflow server did not take the runs: {said[:300]}",
            without_secrets(uri),
            "Check the address in MLFLOW_TRACKING_URI, and that the server runs and lets this one write",
        ) from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
