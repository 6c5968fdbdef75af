"""The comparison to take along: one self-contained page to mail or print, or everything in a zip."""

from __future__ import annotations

import streamlit as st

from core.metrics.cost import CostWeights
from core.store.comparison import StoredComparison
from core.ui import blocks, rooms, words
from core.ui.compare import costs
from core.ui.compare import study as studies
from core.ui.compare.told import Told


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
    weights, share = costs.said()
    with st.container(horizontal=True):
        st.download_button(
            "Report", lambda: page(told, study, weights, share), f"{name}.html", "text/html",
            type="primary", key="report-html", icon=":material/description:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Report with tables", lambda: everything(told, study, weights, share), f"{name}.zip",
            "application/zip", key="report-zip", icon=":material/folder_zip:", on_click="ignore",
            help="The page, its tables as CSV, and every score of every detector as Parquet and CSV.",
        )  # fmt: skip
    if weights is not None:
        st.caption(
            f"With the costs that you gave: {words.amount(weights.miss)} for a miss, "
            f"{words.amount(weights.false_alarm)} for a false alarm, {blocks.percent(share)} of the parts anomalous."
        )
    st.caption(
        words.plain(
            "The same from a script: python -m core compare RUN RUN … --data PATH --out report.zip; the runs are those "
            f"in {rooms.workspace().runs}."
        )
    )


def page(told: Told, study: StoredComparison | None, weights: CostWeights | None, share: float) -> bytes:
    """The HTML page."""
    from core.charts.comparereport import to_html

    if told.over_images:
        from core.compare.report import Chosen, image_report

        data = rooms.datasets().get(told.now.dataset.id)
        chosen = Chosen(told.now.rate, told.now.pinned, weights, share)
        return to_html(image_report(told.images, data, chosen, study)).encode()
    from core.compare.seriesreport import series_report

    now = told.now
    found = series_report(told.recordings, rate=now.rate, pinned=now.pinned, mode=now.mode, study=study)
    return to_html(found).encode()


def everything(told: Told, study: StoredComparison | None, weights: CostWeights | None, share: float) -> bytes:
    """The zip."""
    from core.compare import export

    now = told.now
    if told.over_images:
        from core.compare.report import Chosen

        data = rooms.datasets().get(now.dataset.id)
        return export.image_zip(told.images, data, Chosen(now.rate, now.pinned, weights, share), study)
    return export.series_zip(told.recordings, rate=now.rate, pinned=now.pinned, mode=now.mode, study=study)
