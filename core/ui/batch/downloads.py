"""A checked batch to take along: table, overlays, a one-page report. Each is made when it is asked for."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from core.charts import overlays
from core.charts.report import Part, Report, report_csv, to_html
from core.datasets import images
from core.datasets.types import ImageItem
from core.datasets.wording import percent
from core.store import atomic
from core.ui import rooms
from core.ui.inspect import limits
from core.ui.inspect.scored import Scored
from core.ui.verdicts import Limits, bound

OVERLAY_SIDE = 1024  # pixels of the longer side in the zip
REPORT_SIDE = 320
REPORT_PICTURES = 48  # of the most anomalous parts; the table has all


def buttons(opened: Scored, frame: pd.DataFrame, set_now: Limits) -> None:
    """Three downloads of the whole batch, whatever is filtered."""
    name = opened.data.name
    source = "moved by hand" if limits.moved(opened) else "the model's own"
    made = functools.partial(report, opened, frame, set_now, source)
    st.download_button(
        "Table", lambda: report_csv(made(0)), f"{name}.csv", "text/csv", key="batch-csv",
        icon=":material/table:", on_click="ignore", help="CSV with the verdict, score and p-value of every part.",
    )  # fmt: skip
    st.download_button(
        "Overlays", lambda: overlays_zip(opened, frame), f"{name}-overlays.zip", "application/zip", key="batch-zip",
        icon=":material/layers:", on_click="ignore", help="Zip of the photographs with their heatmaps, JPEG.",
    )  # fmt: skip
    st.download_button(
        "Report", lambda: to_html(made(REPORT_PICTURES)), f"{name}.html", "text/html", key="batch-html",
        icon=":material/description:", on_click="ignore", help="One HTML page with counts, pictures and the table.",
    )  # fmt: skip


def report(opened: Scored, frame: pd.DataFrame, set_now: Limits, source: str, n_pictures: int) -> Report:
    """The report of a batch, with pictures of the ``n_pictures`` most anomalous parts. ``source`` of the limits."""
    reject, review = (opened.calibration.promised_rate(limit) for limit in (set_now.reject, set_now.review))
    manifest, how = opened.model.manifest, bound(opened.calibration)
    return Report(
        title=opened.data.name,
        dataset=opened.data.name,
        dataset_id=opened.dataset_id,
        model=opened.model.name,
        model_id=opened.model.id,
        policy=(
            f"The limits are {source}: {how} {percent(review)} of good parts score above the review limit and "
            f"{how} {percent(reject)} above the reject limit, from {manifest.calibration.n} good parts."
        ),
        accept=set_now.review,
        reject=set_now.reject,
        parts=list(_parts(opened, frame, n_pictures)),
        created=f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC",
        versions=manifest.versions,
    )


def _parts(opened: Scored, frame: pd.DataFrame, n_pictures: int) -> Iterator[Part]:
    for position, row in enumerate(frame.to_dict("records")):
        item = opened.data.by_name[row["item"]]
        shown = position < n_pictures
        yield Part(
            name=item.name,
            score=row["score"],
            p_value=row["p_value"],
            verdict=row["verdict"],
            label=row["truth"],
            picture=images.thumbnail(item.path, REPORT_SIDE) if shown else None,
            overlay=overlay(opened, item, REPORT_SIDE) if shown else None,
        )


def overlays_zip(opened: Scored, frame: pd.DataFrame) -> BinaryIO:
    """A zip on disk, open for reading and gone when it is closed: a large batch would not fit into memory."""
    dest = atomic.temporary_name(rooms.workspace().exports)
    try:
        with zipfile.ZipFile(dest, "w", zipfile.ZIP_STORED) as archive:
            for row in frame.to_dict("records"):
                item = opened.data.by_name[row["item"]]
                # The whole name stays in: a.png and a.jpg may lie side by side.
                archive.writestr(f"{row['verdict']}/{item.name}.overlay.jpg", overlay(opened, item, OVERLAY_SIDE))
        return dest.open("rb")
    finally:
        dest.unlink(missing_ok=True)


def overlay(opened: Scored, item: ImageItem, side: int) -> bytes:
    """The photograph under its heatmap as JPEG, its longer side ``side`` pixels."""
    small = cv2.imdecode(np.frombuffer(images.thumbnail(item.path, side), np.uint8), cv2.IMREAD_COLOR_RGB)
    median, limit = opened.colours(item.category)
    drawn = overlays.overlay(np.asarray(small, np.uint8), opened.run.map(item.name), median=median, limit=limit)
    return overlays.encode_jpeg(drawn)
