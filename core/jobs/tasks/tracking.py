"""Send runs to the MLflow server that the settings name, each with the report that compares it with the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.settings import settings
from core.store.runs import RunStore
from core.store.workspace import Workspace


class TrackingSpec(Spec):
    run_ids: tuple[str, ...] = Field(min_length=1)
    experiment: str = Field(min_length=1, max_length=250)


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"uri", "sent": [{"run_id", "name", "mlflow_run_id", "experiment_id"}]}``; the address without secrets."""
    from core.compare import mlflow_export

    asked, uri = TrackingSpec(**spec), settings().mlflow_tracking_uri
    if uri is None:
        raise UserError(
            "No MLflow server is set", "", "Set MLFLOW_TRACKING_URI to its address and start Faultline again"
        )
    with workspace.temporary() as folder:
        reports = _reports(workspace, asked.run_ids, folder, progress.part(0.0, 0.4))
        sent = mlflow_export.send(
            workspace,
            asked.run_ids,
            uri=uri,
            experiment=asked.experiment,
            reports=reports,
            progress=progress.part(0.4, 1.0),
        )
    return {"uri": mlflow_export.without_secrets(uri), "sent": [asdict(one) for one in sent]}


def _reports(workspace: Workspace, run_ids: tuple[str, ...], folder: Path, progress: Progress) -> dict[str, Path]:
    """A report for every dataset that two to six of the runs are over; runs that do not compare have none."""
    from core.compare.contestants import LEAST, MOST

    by_dataset: dict[str, list[str]] = defaultdict(list)
    for run_id in run_ids:
        by_dataset[RunStore(workspace).row(run_id).dataset_id].append(run_id)
    found: dict[str, Path] = {}
    for done, (dataset, own) in enumerate(by_dataset.items()):
        progress.report(done, len(by_dataset), "Writing the report")
        path = folder / dataset[:12] / "comparison.html"
        path.parent.mkdir()
        if LEAST <= len(own) <= MOST and _written(workspace, dataset, own, path, progress):
            found |= dict.fromkeys(own, path)
    return found


def _written(workspace: Workspace, dataset: str, run_ids: list[str], path: Path, progress: Progress) -> bool:
    """Whether these runs have enough in common for a report."""
    from core.charts.comparereport import to_html
    from core.compare.contestants import image_contestants, series_contestants
    from core.store.datasets import DatasetStore

    store = DatasetStore(workspace)
    try:
        if store.row(dataset).modality == "series":
            from core.compare.seriesbyside import align_series
            from core.compare.seriesreport import Chosen as SeriesChosen
            from core.compare.seriesreport import series_report

            recordings = align_series(series_contestants(workspace, run_ids))
            report = series_report(recordings, store.series(dataset), SeriesChosen())
        else:
            from core.compare.report import Chosen, image_report
            from core.compare.sidebyside import align

            side = align(image_contestants(workspace, run_ids), store.said(dataset))
            report = image_report(side, store.get(dataset), Chosen())
    except UserError as error:
        progress.log(f"No report: {error}")
        return False
    path.write_text(to_html(report), encoding="utf-8")
    return True


TASK = TaskInfo("tracking", 1, run, TrackingSpec)
