"""The runs of the workspace as lines of a table: what was run, with which settings, what came out, what it took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from core.charts.csvtable import to_csv
from core.detectors.registry import REGISTRY
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.store.runs import RunRow
from core.ui import rooms
from core.ui.labels import detector

IMAGE = {  # name in the evaluation: column
    "image_auroc": "Image AUROC",
    "image_auprc": "Image AUPRC",
    "recall": "Recall",
    "false_alarm_rate": "False alarms",
    "pixel_auroc": "Pixel AUROC",
    "aupro": "AUPRO",
}
SERIES = {
    "vus_pr": "VUS-PR",
    "vus_roc": "VUS-ROC",
    "event_f1": "Event F1",
    "affiliation_f1": "Affiliation F1",
    "far": "False alarms",
    "delay_median": "Delay, steps",
    "top1": "Right sensor first",
}
MAIN = {"image": "image_auroc", "series": "vus_pr"}
FIGURES = {"image": IMAGE, "series": SERIES}
COST = {"fit_s": "Training, s", "ms": "ms an item", "mib": "Memory, MiB"}


@dataclass(frozen=True)
class Line:
    """A run with the model that made it and the dataset that it judged."""

    run: RunRow
    model: ModelRow
    dataset: DatasetRow

    @property
    def modality(self) -> str:
        return self.dataset.modality

    @property
    def metrics(self) -> Mapping[str, Any]:
        return self.run.metrics or {}

    def cost(self) -> dict[str, float | None]:
        """Seconds of training, milliseconds an image or a step, MiB at most."""
        manifest = self.model.manifest
        per_step = self.metrics.get("score_us_per_step")
        per_item = self.metrics.get("score_ms_per_image") if self.modality == "image" else per_step and per_step / 1000
        return {
            "fit_s": manifest.fit_seconds,
            "ms": per_item,
            "mib": self.metrics.get("peak_rss_mib") or manifest.peak_rss_mib,
        }


def lines(deleted: bool = False) -> list[Line]:
    """Every run whose model and dataset are there, or those that were removed, newest first."""
    models = {row.id: row for row in rooms.models().list()}
    datasets = {row.id: row for row in rooms.datasets().list()}
    return [
        Line(run, models[run.model_id], datasets[run.dataset_id])
        for run in rooms.runs().everywhere(deleted)
        if run.model_id in models and run.dataset_id in datasets  # another browser may just have removed one
    ]


def differing(shown: Sequence[Line]) -> dict[str, list[str]]:
    """By detector, the settings that are not the same in all of its lines, in the order of its form."""
    by_detector: dict[str, list[Mapping[str, Any]]] = {}
    for line in shown:
        by_detector.setdefault(line.model.detector, []).append(settings(line))
    found = {}
    for name, every in by_detector.items():
        keys = dict.fromkeys(key for one in every for key in one)
        found[name] = [key for key in keys if len({json.dumps(one.get(key)) for one in every}) > 1]
    return found


def frame(shown: Sequence[Line]) -> pd.DataFrame:
    """One row a run. Figures that the data cannot give are empty; columns are those of the kinds of data shown."""
    kinds = [kind for kind in FIGURES if any(line.modality == kind for line in shown)]
    differ = differing(shown)
    return pd.DataFrame([_row(line, kinds, differ[line.model.detector]) for line in shown])


def title(line: Line, key: str) -> str:
    """What a setting is called in the form of its detector."""
    entry = REGISTRY.get(line.model.detector)
    field = entry.params.model_fields.get(key) if entry else None
    return (field.title if field else None) or key.replace("_", " ").capitalize()


def csv(shown: Sequence[Line]) -> bytes:
    """Everything about every run, each setting and each interval in a column of its own."""
    rows = [_flat(line) for line in shown]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return to_csv(columns, ([row.get(column) for column in columns] for row in rows))


def main_interval(line: Line) -> str:
    """The 95 % interval of the figure that a run is first judged by, empty where there is none."""
    found = (line.metrics.get("ci95") or {}).get(MAIN[line.modality])
    return f"{found[0]:.3f} to {found[1]:.3f}" if found else ""


def _row(line: Line, kinds: Sequence[str], differ: Sequence[str]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for kind in kinds:
        for key, column in FIGURES[kind].items():
            own = line.metrics.get(key) if kind == line.modality else None
            figures[column] = own if own is not None else figures.get(column)
            if key == MAIN[kind]:
                figures[f"{column}, 95 %"] = main_interval(line) if kind == line.modality else ""
    return {
        "Model": line.model.name,
        "Detector": detector(line.model.detector),
        "Dataset": line.dataset.name,
        "Settings that differ": ", ".join(f"{title(line, key)} {_text(settings(line).get(key))}" for key in differ),
        **figures,
        **{COST[key]: value for key, value in line.cost().items()},
        "Tags": list(line.run.tags),
        "Note": line.run.note,
        "Created": datetime.fromtimestamp(line.run.created_at, UTC),
    }


def _flat(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "run": line.run.id,
        "model": line.model.name,
        "model_id": line.model.id,
        "detector": line.model.detector,
        "dataset": line.dataset.name,
        "dataset_id": line.dataset.id,
        "created": datetime.fromtimestamp(line.run.created_at, UTC).isoformat(timespec="seconds"),
        "tags": " ".join(line.run.tags),
        "note": line.run.note,
    }
    for key in FIGURES[line.modality]:
        found[key] = line.metrics.get(key)
        ends = (line.metrics.get("ci95") or {}).get(key) or (None, None)
        found |= {f"{key}_low": ends[0], f"{key}_high": ends[1]}
    found |= line.cost()
    return found | {f"{line.model.detector}.{key}": value for key, value in settings(line).items()}


def settings(line: Line) -> dict[str, Any]:
    """Parameters and seed."""
    return {**line.model.manifest.params, "seed": line.model.manifest.seed}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
