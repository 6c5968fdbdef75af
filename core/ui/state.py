"""What is being looked at: the current dataset and model, in the URL on every page.

The URL wins, so that a link shows what its sender saw; the session remembers the choice from page to page (a click in
the navigation drops the query string); else the newest dataset and its newest model are taken. An id that is not in
the store falls back the same way, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from core.drift import RECENT_FORMAT
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.ui import rooms, words
from core.ui.labels import labels, modality

Row = TypeVar("Row", DatasetRow, ModelRow)

DATASET, MODEL = "dataset", "model"  # names in the URL
SHORT = 12  # digits of an id in the URL; ids are sha256 sums


def dataset() -> DatasetRow | None:
    """The current dataset, None while there is none."""
    return st.session_state.get("_dataset")


def model() -> ModelRow | None:
    """The current model, None while there is none."""
    return st.session_state.get("_model")


def choose(*, dataset_id: str | None = None, model_id: str | None = None) -> None:
    """Make another dataset or model the current one, from a callback or before ``nav.open_page``."""
    if dataset_id is not None:
        st.session_state["_dataset_id"] = dataset_id
        st.session_state["_model_id"] = model_id
        st.query_params.pop(DATASET, None)
        st.query_params.pop(MODEL, None)
    elif model_id is not None:
        st.session_state["_model_id"] = model_id
        st.query_params.pop(MODEL, None)


def resolve() -> list[str]:
    """Settle the current dataset and model and put them in the URL; returns what a link asked for in vain."""
    missing: dict[str, str] = {}
    rows = rooms.datasets().list()
    current = _pick(rows, DATASET, missing) or _newest(rows)
    models = rooms.models().list()
    chosen = _pick(models, MODEL, missing)
    if chosen is not None and not suits(chosen, current):
        if st.query_params.get(MODEL):
            missing[MODEL] = "The model in this link is for another kind of data than the dataset."
        chosen = None
    chosen = chosen or newest_model(models, current)
    st.session_state["_dataset"], st.session_state["_model"] = current, chosen
    for name, row in ((DATASET, current), (MODEL, chosen)):
        st.session_state[f"_{name}_id"] = row.id if row else None
        _put(name, row.id[:SHORT] if row else None)
    shown = {DATASET: current, MODEL: chosen}
    return [f"{sentence}{_instead(shown[name])}" for name, sentence in missing.items()]


def suits(model: ModelRow, current: DatasetRow | None) -> bool:
    """Whether a model judges the kind of data that the dataset holds. A detector that this Faultline does not know is
    given the benefit of the doubt."""
    return current is None or modality(model.detector) in (None, current.modality)


def newest_model(models: Sequence[ModelRow], current: DatasetRow | None) -> ModelRow | None:
    """The newest model fitted on the current dataset, or else the one that scored it last."""
    if current is None:
        return None
    known = {row.id: row for row in models}
    fitted = next((row for row in models if row.dataset_id == current.id), None)
    return fitted or next((known[run.model_id] for run in rooms.runs().list(current.id) if run.model_id in known), None)


def pick(label: str, names: Mapping[str, str], *, param: str, default: str, width: int = 420) -> str:
    """A select box over ids, shown by name; the chosen id is in the URL, by its first digits, and unknown ones are
    passed over. A bound select box would put the name there, which changes."""
    key, asked = f"pick.{param}", st.query_params.get(param, "")
    found = next((one for one in names if len(asked) >= 8 and one.startswith(asked)), default)
    st.session_state[key] = found
    shown = labels(names)

    def changed() -> None:
        st.query_params[param] = st.session_state[key][:SHORT]

    return st.selectbox(label, list(names), format_func=shown.__getitem__, key=key, on_change=changed, width=width)


def link() -> str:
    """The address of exactly this view."""
    query = urlencode([(key, value) for key in st.query_params for value in st.query_params.get_all(key)])
    return f"{st.context.url or ''}?{query}" if query else (st.context.url or "")


def _newest(rows: Sequence[DatasetRow]) -> DatasetRow | None:
    """The newest dataset that somebody brought in to learn from: no batch of new parts, no running that was taken from
    a feed, no material of a retraining."""
    jobs = rooms.jobs().list(active=False)
    made = {job.result["dataset_id"] for job in jobs if job.kind in ("check", "retrain") and job.result}
    brought = (row for row in rows if row.id not in made and row.format != RECENT_FORMAT)
    return next(brought, rows[0] if rows else None)


def _instead(row: DatasetRow | ModelRow | None) -> str:
    return f" You are looking at «{words.plain(row.name)}» instead." if row else ""


def _pick(rows: Sequence[Row], name: str, missing: dict[str, str]) -> Row | None:
    """The row that the URL asks for, else the one that the session remembers.

    What the session itself was looking at and then removed is not missing from a link.
    """
    asked, remembered = st.query_params.get(name), st.session_state.get(f"_{name}_id")
    found = next((row for row in rows if asked and len(asked) >= 8 and row.id.startswith(asked)), None)
    if asked is not None and found is None and not (remembered and asked and remembered.startswith(asked)):
        missing[name] = f"The {name} in this link is not in this workspace."
    return found or next((row for row in rows if row.id == remembered), None)


def _put(name: str, value: str | None) -> None:
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
