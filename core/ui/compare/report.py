"""The comparison to take along: one self-contained page to mail or print, or everything in a zip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.datasets.wording import percent
from core.store.comparison import StoredComparison
from core.ui import rooms, words
from core.ui.compare import costs
from core.ui.compare import study as studies
from core.ui.compare.costs import Said
from core.ui.compare.told import Told

if TYPE_CHECKING:
    from core.compare.report import Chosen as ImagesChosen
    from core.compare.seriesreport import Chosen as RecordingsChosen


def show(told: Told, study: StoredComparison | None) -> None:
    """What the report holds, and the two ways to have it."""
    st.subheader("Report", anchor=False)
    st.markdown(
        "One HTML page that needs nothing else, for light and dark screens and for paper: the findings in words, every "
        "figure with its interval, every pair with its test, curves, the disagreements with their pictures, what was "
        "left out and why, where the limits come from, the hash of the data and the versions of everything."
    )
    if study is None and told.has_truth:
        st.info(
            "Without the comparison in the background ("
            + ("«Compare defect by defect»" if told.over_images else "«Compare by resampling»")
            + " above) the report lacks what that measures, and says so.",
            icon=":material/info:",
        )
    elif study is not None:
        st.caption(studies.note(study))
    name = f"{told.now.dataset.name} compared".replace("/", "_")
    said = costs.said(told)
    with st.container(horizontal=True):
        st.download_button(
            "Report", lambda: page(told, study, said), f"{name}.html", "text/html",
            type="primary", key="report-html", icon=":material/description:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Report with tables", lambda: everything(told, study, said), f"{name}.zip",
            "application/zip", key="report-zip", icon=":material/folder_zip:", on_click="ignore",
            help="The page, its tables as CSV, and every score of every detector as Parquet and CSV.",
        )  # fmt: skip
    if said is not None:
        often = (
            f"{percent(said.anomalies)} of the parts anomalous"
            if told.over_images
            else f"{words.amount(said.anomalies)} anomalies in 10,000 steps"
        )
        st.caption(
            f"With the costs that you gave: {words.amount(said.weights.miss)} for a miss, "
            f"{words.amount(said.weights.false_alarm)} for a false alarm, {often}."
        )
    st.caption(
        words.plain(
            "The same from a script: python -m core compare RUN RUN … --data PATH --out report.zip; the runs are those "
            f"in {rooms.workspace().runs}."
        )
    )


def page(told: Told, study: StoredComparison | None, said: Said | None) -> bytes:
    """The HTML page."""
    from core.charts.comparereport import to_html

    if told.over_images:
        from core.compare.report import image_report

        parts = rooms.datasets().get(told.now.dataset.id)
        return to_html(image_report(told.images, parts, _images(told, said), study)).encode()
    from core.compare.seriesreport import series_report

    data = rooms.datasets().series(told.now.dataset.id)
    return to_html(series_report(told.recordings, data, _recordings(told, said), study)).encode()


def everything(told: Told, study: StoredComparison | None, said: Said | None) -> bytes:
    """The zip."""
    from core.compare import export

    if told.over_images:
        parts = rooms.datasets().get(told.now.dataset.id)
        return export.image_zip(told.images, parts, _images(told, said), study)
    data = rooms.datasets().series(told.now.dataset.id)
    return export.series_zip(told.recordings, data, _recordings(told, said), study)


def _images(told: Told, said: Said | None) -> ImagesChosen:
    from core.compare.report import Chosen

    now = told.now
    return Chosen(now.rate, now.pinned, said.weights, said.anomalies) if said else Chosen(now.rate, now.pinned)


def _recordings(told: Told, said: Said | None) -> RecordingsChosen:
    from core.compare.seriesreport import Chosen

    now, weights = told.now, said.weights if said else None
    return Chosen(now.rate, now.pinned, now.mode, weights, said.anomalies if said else None)
