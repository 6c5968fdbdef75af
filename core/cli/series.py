"""What the verbs do with recordings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.output import emit, table
from core.datasets.series import SeriesSet
from core.datasets.wording import count
from core.detectors import registry
from core.detectors.base import Params
from core.errors import UserError
from core.progress import Progress

FIGURES = (
    "vus_pr", "vus_roc", "auc_pr", "auc_roc", "f1", "event_f1", "overlap_f1", "affiliation_f1", "far", "mar",
    "hitrate_100", "hitrate_150", "top1",
)  # fmt: skip


def inspect(options: argparse.Namespace, data: SeriesSet) -> None:
    """What the recordings hold, what was left out, and what stands in the way of training on them."""
    from core.datasets.series_checks import summary

    found = asdict(summary(data))
    result = {
        "name": data.name,
        "format": data.format,
        "kind": data.kind,
        "content_id": data.content_id,
        "n_units": len(data),
        "n_steps": data.n_steps,
        "machines": data.machines,
        "sensors": [asdict(sensor) for sensor in data.sensors],
        "time_unit": data.time_unit,
        "rate": data.rate,
        "summary": found,
        "rejected": [asdict(one) for one in data.rejected],
        "notes": list(data.notes),
    }
    lines = [
        f"{data.name}: {count(len(data), 'recording')}, {count(data.n_steps, 'step')} of "
        f"{count(len(data.sensors), 'column')}, "
        f"format «{data.format}», content {data.content_id[:12]}"
    ]
    rows = [
        {
            "split": split,
            "recordings": len(units),
            "steps": sum(len(unit) for unit in units),
            "normal": sum(int(unit.normal().sum()) for unit in units),
            "events": sum(len(unit.events or ()) for unit in units),
        }
        for split in ("train", "test")
        if (units := [unit for unit in data.units if unit.split == split])
    ]
    lines.append(table(rows))
    lines += [f"note: {note}" for note in data.notes]
    lines += [f"warning: {warning}" for warning in found["warnings"]]
    lines += [f"left out: {one.name}: {one.reason}" for one in data.rejected]
    emit(result, options.json, "\n".join(lines))


def train(options: argparse.Namespace, data: SeriesSet, params: Params, progress: Progress) -> None:
    """Fit on the normal stretches of the training units and write a model folder."""
    from core.detectors.series.calibration import shortage
    from core.detectors.series.training import train_series
    from core.store.seriesmodel import write_series_model

    if options.exclude:
        raise UserError("Recordings cannot be left out by name", "--exclude", "Take the files out of the folder")
    entry = registry.info(options.detector)
    fitted = train_series(entry.name, params, options.seed, data, progress, scope=options.scope)
    name = options.name or options.out.name
    manifest = write_series_model(options.out, fitted, name=name, dataset=data)
    members = len(fitted.model.members)
    few = shortage({machine: member.calibration for machine, member in fitted.model.members.items()})
    refused = [f"left out: {machine}: {why}" for machine, why in fitted.model.refused.items()]
    what = f"{members} models, one for each machine"
    if members == 1:
        what = "one model for all machines" if len(data.machines) > 1 else "one model"
    text = (
        f"{entry.title} trained on {count(len(fitted.roles), 'recording')} in {fitted.fit_seconds:.1f} s: {what}, "
        f"calibrated on {manifest.calibration.n} held-out normal steps. Written to {options.out}"
    )
    result = manifest.model_dump(mode="json") | {"refused": dict(fitted.model.refused), "shortage": few}
    emit(result, options.json, "\n".join([*refused, text, *([few] if few else [])]))


def score(options: argparse.Namespace, data: SeriesSet, progress: Progress) -> None:
    """Score the test units, or all where there is no test split, into a run folder."""
    from core.store.seriesrun import score_series

    run = score_series(options.model, data, options.out, progress)
    result = run.info.model_dump(mode="json") | {"path": str(options.out)}
    emit(result, options.json, f"{run.info.n_steps} steps scored in {run.info.seconds:.1f} s, written to {options.out}")


def evaluate(options: argparse.Namespace, data: SeriesSet, scratch: Path, progress: Progress) -> None:
    """Score the labelled test units and measure: the object that DESIGN calls ``evaluate --json``."""
    from core.compare.seriesrun import BOOTSTRAP, evaluate_run
    from core.detectors.series.calibration import RATE
    from core.store.seriesrun import score_series

    run = score_series(options.model, data, scratch / "run", progress.part(0.0, 0.8))
    result = evaluate_run(
        run,
        options.model,
        data,
        rate=options.rate or RATE,
        mode=options.mode,
        threshold=options.threshold,
        seed=options.seed,
        bootstrap=BOOTSTRAP if options.bootstrap is None else max(options.bootstrap, 0),
        progress=progress.part(0.8, 1.0),
    )
    if result is None:
        raise UserError(
            "There are no labelled or failed test recordings to measure on",
            str(options.data),
            "Name the column of labels in a mapping, or use «score» for alarms alone",
        )
    emit(result, options.json, _figures(result))


def _figures(result: Mapping[str, Any]) -> str:
    """The main figures with their intervals, beside guessing and |z|."""
    rows = []
    for name in FIGURES if result["per_machine"] else ():  # without labels there are none of these
        low, high = result["ci95"].get(name) or (None, None)
        rows.append(
            {
                "figure": name,
                "value": result[name],
                "95 % interval": "-" if low is None else f"{low:.3f} to {high:.3f}",
                "guessing": result["baselines"]["random"].get(name),
                "|z|": result["baselines"]["abs_z"].get(name),
            }
        )
    lines = [table(rows)] if rows else []
    failures = result.get("run_to_failure")
    if failures:
        shown = {key: value for key, value in failures.items() if not isinstance(value, list | dict)}
        lines.append(table([shown]))
    return "\n".join([*lines, result["protocol"]])
