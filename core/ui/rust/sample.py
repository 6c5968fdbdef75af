"""The sample: flanges that rust week by week. One click draws and analyses them."""

from __future__ import annotations

import streamlit as st

from core.charts.overlays import encode_jpeg
from core.datasets.samples import SAMPLES
from core.jobs.job import Job
from core.ui import jobs_panel, rooms
from core.ui.rust import sending

SAMPLE, KIND = "rust", "rust-demo"
START = "Watch a sample rust"
WEEKS = (0, 2, 4)


def job() -> Job | None:
    """The newest job that drew the sample, whatever became of it."""
    return rooms.jobs().find(KIND, sending.DEMO)


def offer() -> None:
    """What the sample is, and the button that draws and analyses it."""
    st.subheader("Nothing at hand?", anchor=False)
    picture()
    st.caption(SAMPLES[SAMPLE].summary)
    running = job()
    if running is None or not running.active:
        if running is not None:
            jobs_panel.problem(running)
        if st.button(START, type="primary", icon=":material/play_arrow:", key="rust-sample"):
            sending.sample()


def picture() -> None:
    """One flange of the sample at three times."""
    with st.grid(3, min_column_width=90, gap="small"):
        for week, jpeg in _weeks().items():
            st.image(jpeg, alt=f"A sample flange after {week} weeks", width="stretch", caption=f"Week {week}")


@st.cache_data(max_entries=1, show_spinner=False)
def _weeks() -> dict[int, bytes]:
    from core.datasets.synthetic.rust import shoot, specimens

    flange = specimens(0, 1)[0]
    return {week: encode_jpeg(shoot(flange, week * 168, 1, size=288).image) for week in WEEKS}
