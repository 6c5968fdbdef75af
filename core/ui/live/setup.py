"""A new feed: where its readings come from, who judges them, and when it is an alarm."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.live.spec import checked, shown_names
from core.store.models import ModelRow
from core.streaming.rule import ENSEMBLE
from core.ui import errors, nav, rooms, state
from core.ui.labels import detector, labels
from core.ui.live import room

SOURCES = ("Recordings", "File that grows", "Samples sent in")
FIRST = ("series-vae", "kalman", "arima")
MOST = 8
RATES = {"1 in 100": 1e-2, "1 in 1,000": 1e-3, "1 in 10,000": 1e-4}
THRESHOLDS = {"Fixed": "fixed", "Adaptive": "adaptive"}


def show() -> None:
    """The form. Without a trained model there is nothing to start, and the way to one is shown."""
    models = [row for row in rooms.models().list() if room.judges_readings(row)]
    if not models:
        st.caption("A detector has to learn from recordings of normal running first.")
        st.page_link(nav.page("train"), label="Train a detector", icon=nav.PAGES["train"][1])
        return
    kind = st.segmented_control(
        "Where do the readings come from?", SOURCES, default=SOURCES[0], key="live-source", required=True
    )
    left, right = st.columns(2, gap="large")
    with left:
        source = _source(kind or SOURCES[0])
    with right:
        chosen = _models(models, source)
        rule = _rule(chosen)
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="live-start", disabled=not chosen):
        with errors.shown():
            spec = {"source": source, "models": [row.id for row in chosen], **rule}
            room.live().start(checked(spec))
            st.rerun()


def _source(kind: str) -> dict[str, Any]:
    if kind == SOURCES[1]:
        path = st.text_input(
            "Path on the server", key="live-path", placeholder="/data/line-3/readings.csv",
            help="A CSV with a first line of sensor names, or one JSON object per line (.jsonl). Rotation, truncation "
            "and half-written last lines are coped with. Columns «time» and «unit» are known.",
        )  # fmt: skip
        return {"kind": "file", "path": path.strip() or "?"}
    if kind == SOURCES[2]:
        st.markdown("Send JSON to this server; `/api/openapi.json` describes it. A sample has a value by sensor:")
        st.code(
            "curl -X POST …/api/samples -H 'Content-Type: application/json' \\\n"
            '  -d \'{"unit": "pump-1", "samples": [{"time": 1, "flow": 121.5}]}\'',
            language="bash",
        )
        return {"kind": "push"}
    rows = {row.id: row.name for row in rooms.datasets().list() if row.modality == "series"}
    if not rows:
        st.caption("No recordings are loaded yet.")
        st.page_link(
            nav.page("data"), label="Load recordings", icon=":material/add:", query_params={"add": "Recordings"}
        )
        return {"kind": "replay", "dataset_id": "?"}
    current = state.dataset()
    names = labels(rows)
    ids = list(names)
    index = ids.index(current.id) if current is not None and current.id in names else 0
    dataset = st.selectbox("Recordings", ids, index, format_func=names.__getitem__, key="live-dataset")
    units = st.multiselect(
        "Only these", _units(dataset), key=f"live-units-of-{dataset[:8]}", placeholder="All kept for the test"
    )
    loop = st.toggle("Begin again after the last", value=True, key="live-loop")
    return {"kind": "replay", "dataset_id": dataset, "units": units, "loop": loop}


def _models(models: list[ModelRow], source: dict[str, Any]) -> list[ModelRow]:
    """The detectors side by side; at first the newest of each usual kind that learned from the replayed data."""
    names = labels({row.id: f"{row.name} · {detector(row.detector)}" for row in models})
    by_id = {row.id: row for row in models}
    home = source.get("dataset_id")
    if home not in {row.dataset_id for row in models}:
        home = models[0].dataset_id
    own = [row for row in models if row.dataset_id == home]
    usual = [next((row.id for row in own if row.detector == name), None) for name in FIRST]
    default = [one for one in usual if one] or [own[0].id]
    chosen = st.multiselect(
        "Detectors side by side", list(names), default, format_func=names.__getitem__, max_selections=MOST,
        key=f"live-models-{str(home)[:8]}", help="They must have learned from the same sensors.",
    )  # fmt: skip
    return [by_id[one] for one in chosen]


def _rule(chosen: list[ModelRow]) -> dict[str, Any]:
    rate = st.segmented_control(
        "False alarms promised", list(RATES), default="1 in 1,000", key="live-rate", required=True,
        help="Of normal steps. At 1 in 1,000 and one step a second, expect a false one every quarter of an hour.",
    )  # fmt: skip
    with st.expander("More", icon=":material/tune:"):
        voices = [ENSEMBLE, *shown_names(row.detector for row in chosen)]
        decides = st.selectbox("Who decides", voices, format_func=room.title, key="live-decides")
        threshold = st.segmented_control(
            "Limit", list(THRESHOLDS), default="Fixed", key="live-threshold", required=True,
            help="Adaptive: follows the machine's own quiet steps (streaming peaks over threshold), never its alarms. "
            "Slow wear that stays below the limit is learned: keep it fixed for that.",
        )  # fmt: skip
        gap = st.number_input("Quiet steps that part two alarms", 1, 10_000, 30, key="live-gap")
        half_life = st.number_input("Half-life of the health, steps", 1, 10_000, 50, key="live-half-life")
    return {
        "rate": RATES[rate or "1 in 1,000"],
        "decides": decides,
        "threshold": THRESHOLDS[threshold or "Fixed"],
        "gap": int(gap),
        "half_life": int(half_life),
        "speed": 10.0,
    }


@st.cache_data(max_entries=16, show_spinner=False)
def _units(dataset_id: str) -> list[str]:
    """Names of a dataset's recordings; its content never changes under one id."""
    return [unit.name for unit in rooms.datasets().series(dataset_id).units][:1000]
