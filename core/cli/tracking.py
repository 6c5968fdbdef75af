"""The verb that sends runs of the workspace to an MLflow server."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from core.cli.output import console_progress, emit, table
from core.errors import UserError

if TYPE_CHECKING:
    from core.store import Workspace


def add_options(verb: argparse.ArgumentParser) -> None:
    """The options of ``python -m core mlflow``."""
    verb.add_argument("runs", nargs="*", metavar="RUN", help="ids of runs, or their first digits (default: all)")
    verb.add_argument("--dataset", help="only runs over this dataset: its name, or the first digits of its id")
    verb.add_argument("--experiment", default="Faultline", help="the experiment that takes them (Faultline)")
    verb.add_argument("--uri", help="address of the server (default: MLFLOW_TRACKING_URI)")


def run(options: argparse.Namespace) -> None:
    """Send the runs; one that was sent before is brought up to date."""
    from core.compare import mlflow_export
    from core.settings import settings
    from core.store.workspace import Workspace

    uri = options.uri or settings().mlflow_tracking_uri
    if not uri:
        raise UserError("No MLflow server is set", "", "Give --uri, or set MLFLOW_TRACKING_URI to its address")
    workspace = Workspace.default()
    sent = mlflow_export.send(
        workspace, _asked(workspace, options), uri=uri, experiment=options.experiment, progress=console_progress()
    )
    rows = [asdict(one) for one in sent]
    emit({"uri": mlflow_export.without_secrets(uri), "runs": rows}, options.json, table(rows))


def _asked(workspace: Workspace, options: argparse.Namespace) -> list[str]:
    """The ids of the runs that are meant. UserError for one that is not there, or not told from another."""
    from core.store import DatasetStore, RunStore

    names = {row.id: row.name for row in DatasetStore(workspace).list()}
    every = [
        row.id
        for row in RunStore(workspace).everywhere()
        if options.dataset is None
        or names[row.dataset_id] == options.dataset
        or row.dataset_id.startswith(options.dataset)
    ]
    found = []
    for asked in options.runs:
        fits = [one for one in every if one.startswith(asked)]
        if len(fits) != 1:
            raise UserError(
                f"{'No run begins' if not fits else 'Several runs begin'} with «{asked}»",
                str(workspace.root),
                "Take an id from the Runs table of the Compare page",
            )
        found += fits
    if not options.runs and not every:
        raise UserError("There is no run to send", str(workspace.root), "Score a dataset first, or name another one")
    return found or every
