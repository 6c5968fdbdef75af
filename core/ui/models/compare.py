"""Two or more models side by side: settings, data and figures, differences marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.charts.csvtable import to_csv
from core.datasets.wording import percent
from core.detectors.registry import REGISTRY
from core.detectors.series.calibration import RATE
from core.store.models import ModelRow
from core.ui import blocks, words
from core.ui.labels import detector, labels, modality
from core.ui.models import figures, table

DIFFERS = "≠"  # beside a row whose values are not all the same
WHAT = "Setting or figure"
NONE = "–"  # this model has no such setting


def show(chosen: Sequence[ModelRow]) -> None:
    """The table of all that tells the models apart; rows that agree can be left out."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Side by side", anchor=False, width="content")
        blocks.chart_help(
            "Each model's settings, what it was trained on, and its figures on its own dataset.",
            f"{DIFFERS} marks a row in which the models differ. An interval is 95\u00a0%, from the bootstrap.",
            "Figures compare only where the dataset is the same; intervals that overlap do not settle which is better.",
        )
        st.space("stretch")
        only = st.toggle("Only differences", key="only-differences", bind="query-params")
    if len({row.dataset_id for row in chosen}) > 1:
        st.caption(":material/info: These models were trained and measured on different datasets.")
    frame = side_by_side(chosen)
    if only:
        frame = frame[frame[DIFFERS] == DIFFERS]
    st.table(_marked(frame), border="horizontal", hide_index=True, alt=f"{len(chosen)} models side by side")
    st.download_button(
        "Download as CSV", to_csv(list(frame), frame.itertuples(index=False)), "models.csv", "text/csv",
        key="download-comparison", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _marked(frame: pd.DataFrame) -> pd.DataFrame:
    """As Markdown: values that differ in bold, the point-adjusted figure struck through, names as plain text."""
    shown = frame.map(words.plain).rename(columns=words.plain)
    differing = frame[DIFFERS] == DIFFERS
    struck = frame[WHAT] == figures.SERIES["pa_f1"]
    for column in shown.columns[2:]:
        shown.loc[differing, column] = "**" + shown.loc[differing, column] + "**"
        shown.loc[struck, column] = "~~" + shown.loc[struck, column] + "~~"
    return shown


def side_by_side(chosen: Sequence[ModelRow]) -> pd.DataFrame:
    """A row per setting or figure, a column per model; the first column marks the rows that differ."""
    found = [facts(row) for row in chosen]
    names = dict.fromkeys(name for facts_of_one in found for name in facts_of_one)
    rows = []
    for name in names:
        values = [one.get(name, NONE) for one in found]
        differs = len(set(values)) > 1
        rows.append({DIFFERS: DIFFERS if differs else "", WHAT: name, **_columns(chosen, values)})
    return pd.DataFrame(rows)


def facts(row: ModelRow) -> dict[str, str]:
    """Everything about a model as words, in the order of interest."""
    series = modality(row.detector) == "series"
    found = {"Detector": detector(row.detector), "Dataset": row.manifest.dataset.name} | _learned(row, series=series)
    for key, title in (figures.SERIES if series else figures.IMAGE).items():
        if row.metrics.get(key) is not None:
            between = table.interval(row, key)
            found[title] = f"{row.metrics[key]:.4g}" + (f" ({between})" if between else "")
    for key, title in figures.FAILURES.items():
        value = (row.metrics.get("run_to_failure") or {}).get(key)
        if value is not None:
            found[title] = f"{value:.4g}"
    for key, title in figures.BASELINES.items():
        value = (row.metrics.get("baselines") or {}).get(key, {}).get("vus_pr")
        if value is not None:
            found[f"VUS-PR of {title}"] = f"{value:.4g}"
    found["Training time"] = blocks.duration(row.manifest.fit_seconds)
    found["Peak memory"] = blocks.size(row.manifest.peak_rss_mib * 2**20)
    found["Size"] = f"{table.megabytes(row):.1f} MB"
    found["Seed"] = str(row.manifest.seed)
    entry = REGISTRY.get(row.detector)
    for key, value in row.manifest.params.items():
        field = entry.params.model_fields.get(key) if entry else None
        found[(field.title if field else None) or key] = _text(value)
    return found


def _shortage(steps: float) -> str:
    """What to know of a threshold that rests on so many held-out steps a machine."""
    needed = math.ceil(1 / RATE)
    return "" if steps >= needed else f"; to promise 1 in {needed:,} takes {needed:,} a machine, it is extrapolated"


def _learned(row: ModelRow, *, series: bool) -> dict[str, str]:
    """What a model learned from and was calibrated on."""
    dataset, calibration = row.manifest.dataset, row.manifest.calibration
    if series:
        machines = len(dataset.categories)
        few = _shortage(calibration.n / max(machines, 1))
        return {
            "Recordings": f"{dataset.fit + dataset.calibration}",
            "Scope": "one model for all machines" if machines == 1 else f"a model for each of {machines} machines",
            "Calibration": f"{calibration.n:,} steps, {calibration.scheme}{few}",
        }
    return {
        "Good images": f"{dataset.fit + dataset.calibration}",
        "Excluded images": f"{dataset.excluded}",
        "Lowest false-alarm rate": percent(table.lowest_rate(row)),
        "Calibration": f"{calibration.n} images, {calibration.scheme}{_by_category(calibration.categories)}",
    }


def _by_category(categories: Sequence[str]) -> str:
    return f", {len(categories)} categories each by its own" if categories else ""


def _columns(chosen: Sequence[ModelRow], values: Sequence[str]) -> dict[str, str]:
    names = labels({row.id: row.name for row in chosen})
    return {names[row.id]: value for row, value in zip(chosen, values, strict=True)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
