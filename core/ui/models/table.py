"""The models of the workspace in one table. The selected ones are in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.store.models import ModelRow
from core.ui import rooms, state
from core.ui.inspect.scored import calibration_of
from core.ui.labels import detector, modality
from core.ui.verdicts import default_limits

SELECTED = "models"  # name in the URL: ids with dots between them
KEY = "models-table"


def show(rows: Sequence[ModelRow]) -> list[ModelRow]:
    """Draw the table; the rows that are selected, at first those of the URL or else the current model."""
    frame = frame_of(rows)
    event = st.dataframe(
        frame,
        key=f"{KEY}-{st.session_state.get('_models_generation', 0)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": _wanted(rows)}},
        column_config=_columns(),
        placeholder="-",
        alt=f"{len(rows)} models with their detector, dataset and figures",
    )
    chosen = [rows[position] for position in event.selection.rows if position < len(rows)]
    _remember(chosen)
    return chosen


def reset() -> None:
    """Draw the table anew, without a selection: its rows have changed."""
    st.session_state["_models_generation"] = st.session_state.get("_models_generation", 0) + 1
    st.query_params.pop(SELECTED, None)


def frame_of(rows: Sequence[ModelRow]) -> pd.DataFrame:
    """One line per model; a figure that its data cannot give is empty. Columns are those of the kinds of data that
    there are models for."""
    datasets = {row.id: row.name for row in rooms.datasets().list()}
    kinds = {modality(row.detector) or "image" for row in rows}
    return pd.DataFrame(
        [
            {
                "Name": row.name,
                "Detector": detector(row.detector),
                "Dataset": datasets.get(row.dataset_id, f"{row.manifest.dataset.name} (not here)"),
                "Created": datetime.fromtimestamp(row.created_at, UTC),
                "Tags": list(row.tags),
                **(_of_images(row) if "image" in kinds else {}),
                **(_of_recordings(row) if "series" in kinds else {}),
                "Threshold": _threshold(row),
                "Size": megabytes(row),
            }
            for row in rows
        ]
    )


def _of_images(row: ModelRow) -> dict[str, Any]:
    judges_images = modality(row.detector) != "series"
    return {
        "Image AUROC": row.metrics.get("image_auroc"),
        "Image AUROC, 95 %": interval(row, "image_auroc"),
        "Pixel AUROC": row.metrics.get("pixel_auroc"),
        "Lowest rate": 100 * lowest_rate(row) if judges_images else None,
    }


def _of_recordings(row: ModelRow) -> dict[str, Any]:
    random = (row.metrics.get("baselines") or {}).get("random", {})
    detected = (row.metrics.get("run_to_failure") or {}).get("detected")
    return {
        "VUS-PR": row.metrics.get("vus_pr"),
        "VUS-PR, 95 %": interval(row, "vus_pr"),
        "VUS-PR, random": random.get("vus_pr"),
        "Event F1": row.metrics.get("event_f1"),
        "Right sensor first": row.metrics.get("top1"),
        "Failures warned of": None if detected is None else 100 * detected,
    }


def interval(row: ModelRow, name: str) -> str:
    """The 95 % interval of a figure as text, empty where it has none."""
    found = row.metrics.get("ci95", {}).get(name)
    return f"{found[0]:.3f} to {found[1]:.3f}" if found else ""


def lowest_rate(row: ModelRow) -> float:
    """The smallest false-alarm rate that the model's threshold can promise."""
    return 1 / (row.manifest.calibration.n + 1)


def _threshold(row: ModelRow) -> float | None:
    """Also where nothing is labelled and so nothing was evaluated; None for recordings then, and a damaged model."""
    if "threshold" in row.metrics or modality(row.detector) == "series":
        return row.metrics.get("threshold")
    try:
        return default_limits(calibration_of(row.id)).review
    except UserError:
        return None


def megabytes(row: ModelRow) -> float:
    return sum(file.size for file in row.manifest.files.values()) / 1e6


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "Created": column.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone=st.context.timezone),
        "Tags": column.ListColumn(),
        "Image AUROC": column.NumberColumn(format="%.3f", help="On the images kept from training that have labels."),
        "Image AUROC, 95 %": column.TextColumn(help="Bootstrap interval of the image AUROC."),
        "Pixel AUROC": column.NumberColumn(format="%.3f", help="Of the heatmap against masks, where there are any."),
        "VUS-PR": column.NumberColumn(
            format="%.3f", help="On labelled test recordings: how well the score ranks, for every width of tolerance."
        ),
        "VUS-PR, 95 %": column.TextColumn(help="Block bootstrap interval of the VUS-PR."),
        "VUS-PR, random": column.NumberColumn(format="%.3f", help="What random scores reach on the same recordings."),
        "Event F1": column.NumberColumn(
            format="%.3f", help="At the threshold that was set on held-out normal steps, never on the labels."
        ),
        "Right sensor first": column.NumberColumn(
            format="%.2f", help="Share of events of which the sensor ranked first is one of those at fault."
        ),
        "Failures warned of": column.NumberColumn(
            format="%.0f %%", help="Runs to failure with an alarm after the healthy part and before the failure."
        ),
        "Threshold": column.NumberColumn(
            format="%.3g",
            help="Images: promises at most 5\u00a0% false alarms, or the lowest rate that its calibration allows; "
            "about so many where it is cross-fitted. Recordings: promises 1 false alarm in 1,000 steps; empty where "
            "every machine has its own.",
        ),
        "Lowest rate": column.NumberColumn(format="%.2f %%", help="The smallest false-alarm rate it can promise."),
        "Size": column.NumberColumn(format="%.1f MB"),
    }


def _wanted(rows: Sequence[ModelRow]) -> list[int]:
    """Positions of the models that the URL names, or of the current model. Unknown ids are passed over."""
    asked = [part for part in st.query_params.get(SELECTED, "").split(".") if len(part) >= state.SHORT]
    found = [k for k, row in enumerate(rows) if any(row.id.startswith(part) for part in asked)]
    current = state.model()
    return found or [k for k, row in enumerate(rows) if current is not None and row.id == current.id]


def _remember(chosen: Sequence[ModelRow]) -> None:
    if chosen:
        st.query_params[SELECTED] = ".".join(row.id[: state.SHORT] for row in chosen)
    else:
        st.query_params.pop(SELECTED, None)
