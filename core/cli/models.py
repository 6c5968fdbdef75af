"""Verbs about detectors and models: detectors, train, score, evaluate."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from core.cli import byhand, series
from core.cli.data import opened
from core.cli.exporting import score_exported
from core.cli.output import console_progress, emit, table
from core.datasets.series import SeriesSet
from core.datasets.wording import percent
from core.detectors import registry
from core.errors import UserError

IMAGE_RATE = 0.05  # of false alarms, where nobody asked for another


def detectors(options: argparse.Namespace) -> None:
    """The registry."""
    result = [
        {
            "name": entry.name,
            "title": entry.title,
            "modality": entry.modality,
            "summary": entry.summary,
            "paper": entry.paper,
            "presets": {name: dict(values) for name, values in entry.presets.items()},
            "parameters": entry.params.model_json_schema()["properties"],
        }
        for entry in registry.REGISTRY.values()
    ]
    rows = [{"name": one["name"], "title": one["title"], "modality": one["modality"]} for one in result]
    emit(result, options.json, table(rows))


def train(options: argparse.Namespace) -> None:
    """Fit on the good training images, calibrate on some of them held out, and write a model folder."""
    params = registry.parameters(options.detector, _values(options), options.preset)
    _refuse_existing(options.out)
    progress = console_progress()
    with opened(options, progress.part(0.0, 0.1)) as data:
        registry.require(registry.info(options.detector), data.modality, data.name)
        if isinstance(data, SeriesSet):
            series.train(options, data, params, progress.part(0.1, 1.0))
            return
        from core.compare.heldout import held_out
        from core.detectors.training import train as fit
        from core.store.modelfolder import write_model

        excluded = byhand.left_out(options.exclude, data)
        entry = registry.info(options.detector)
        fitted = fit(entry.name, params, options.seed, data.normals(excluded), progress.part(0.1, 1.0))
        name = options.name or options.out.name
        manifest = write_model(options.out, fitted, name=name, dataset=data, exclude=excluded)
    calibration = fitted.calibration
    text = (
        f"{entry.title} trained on {len(fitted.roles)} images in {fitted.fit_seconds:.1f} s, "
        f"calibrated on {calibration.n} ({calibration.scheme}); lowest false-alarm rate it can promise "
        f"{percent(calibration.lowest_rate, 2)}. Written to {options.out}"
    )
    by_category = held_out(calibration, calibration.threshold(calibration.reachable(IMAGE_RATE)))
    if by_category:
        text += f"\n{_limits({one.category: one.to_json() for one in by_category})}"
    emit(manifest.model_dump(mode="json"), options.json, text)


def score(options: argparse.Namespace) -> None:
    """Score the test images, or all where there is no test split, into a run folder."""
    _refuse_existing(options.out)
    if options.model.is_file() and options.model.suffix.lower() == ".onnx":
        score_exported(options)
        return
    progress = console_progress()
    with opened(options, progress.part(0.0, 0.1)) as data:
        if isinstance(data, SeriesSet):
            series.score(options, data, progress.part(0.1, 1.0))
            return
        from core.compare.heldout import strangers
        from core.store.modelfolder import load_calibration
        from core.store.scoring import score_folder, scored_part

        run = score_folder(options.model, data, options.out, progress.part(0.1, 1.0))
        calibration = load_calibration(options.model)
        judged = scored_part(data).categories
    result = run.info.model_dump(mode="json") | {
        "path": str(options.out),
        "calibrated_categories": list(calibration.known),
        "unknown_categories": strangers(calibration, judged),
    }
    text = f"{run.info.n_images} images scored in {run.info.seconds:.1f} s, written to {options.out}"
    if result["unknown_categories"]:
        text += (
            f"\nNot categories that the model has limits of its own for, so judged by all of its categories together: "
            f"{', '.join(result['unknown_categories'])}"
        )
    emit(result, options.json, text)


def evaluate(options: argparse.Namespace) -> None:
    """Score the labelled test images and measure: the object that DESIGN calls ``evaluate --json``."""
    if options.rate is not None and not 0 < options.rate < 1:
        raise UserError(f"A false-alarm rate of {options.rate} is not between 0 and 1", "--rate", "Try 0.05")
    progress = console_progress()
    with opened(options, progress.part(0.0, 0.1)) as data, TemporaryDirectory() as scratch:
        if isinstance(data, SeriesSet):
            series.evaluate(options, data, Path(scratch), progress.part(0.1, 1.0))
            return
        from core.compare.evaluate import BOOTSTRAP
        from core.compare.evaluate import evaluate as measure
        from core.store.modelfolder import load_calibration
        from core.store.scoring import score_folder

        if not any(item.split == "test" and item.label for item in data.items):
            raise UserError(
                "There are no labelled test images to measure on",
                str(options.data),
                "Sort some into folders named for good and for bad parts, or use «score» for verdicts alone",
            )
        run = score_folder(options.model, data, Path(scratch) / "run", progress.part(0.1, 0.9))
        calibration = load_calibration(options.model)
        progress = progress.part(0.9, 1.0)
        rate = options.rate or IMAGE_RATE
        bootstrap = BOOTSTRAP if options.bootstrap is None else max(options.bootstrap, 0)
        result = measure(run, data, calibration, rate=rate, seed=options.seed, bootstrap=bootstrap, progress=progress)
    emit(result, options.json, _figures(result))


def _figures(result: Mapping[str, Any]) -> str:
    """The main figures with their intervals, beside a detector that guesses."""
    random = result["baselines"]["random"]
    names = ("image_auroc", "image_auprc", "image_f1", "image_f1_max", "pixel_auroc", "aupro", "false_alarm_rate")
    rows = []
    for name in names:
        low, high = result["ci95"].get(name) or (None, None)
        interval = "-" if low is None else f"{low:.3f} to {high:.3f}"
        rows.append({"figure": name, "value": result[name], "95 % interval": interval, "guessing": random.get(name)})
    found = f"{table(rows)}\n{result['protocol']}"
    if result["per_category"]:
        shown = ("n_images", "image_auroc", "recall", "false_alarm_rate", "pixel_auroc", "aupro")
        own = [
            {"category": category} | {name: figures[name] for name in shown}
            for category, figures in result["per_category"].items()
        ]
        found += f"\n{table(own)}"
    if result["calibration_per_category"]:
        found += f"\n{_limits(result['calibration_per_category'])}"
    return found


def _limits(found: Mapping[str, Any]) -> str:
    """What calibrates each category, and where its limit lies."""
    rows = []
    for category, one in found.items():
        low, high = one["held_out_ci95"]
        rows.append(
            {
                "category": category,
                "held-out images": one["n"],
                "calibrated by": "its own" if one["own"] else "all together (too few)",
                "limit (detector's score)": one["limit"],
                "held-out images above": one["held_out_rate"],
                "95 % interval": f"{low:.3f} to {high:.3f}",
            }
        )
    return table(rows)


def _values(options: argparse.Namespace) -> dict[str, Any]:
    """Parameters from the file, then from ``--set``; values are YAML scalars."""
    values: dict[str, Any] = {}
    if options.config:
        try:
            loaded = yaml.safe_load(options.config.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError(
                "The configuration cannot be read", f"{options.config}: {error}", "Give a YAML file"
            ) from error
        if not isinstance(loaded, dict):
            raise UserError("The configuration is not a list of «name: value»", str(options.config), "See «detectors»")
        for key in loaded:
            if not isinstance(key, str):
                raise UserError(
                    f"«{key}» is not the name of a parameter",
                    str(options.config),
                    "Put it in quotation marks, or mend it",
                )
        values.update(loaded)
    for assignment in options.set:
        key, sign, value = assignment.partition("=")
        if not sign:
            raise UserError(f"«{assignment}» is not of the form key=value", "--set", "Write --set bank_size=4000")
        try:
            values[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(f"The value of «{key}» cannot be read", value, "Put it in quotation marks") from error
    return values


def _refuse_existing(out: Path) -> None:
    if out.exists():
        raise UserError("There is something there already", str(out), "Name a folder that does not exist yet")
    if not out.absolute().parent.is_dir():
        raise UserError("The folder above it does not exist", str(out), "Make it first, or name another")
