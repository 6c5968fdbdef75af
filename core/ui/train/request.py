"""The wish to train: settings, seed and name; work that was done already is offered instead of doing it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import streamlit as st

from core.datasets.samples import SAMPLES
from core.detectors.base import DetectorInfo
from core.jobs.job import Job
from core.store.datasets import DatasetRow
from core.ui import blocks, errors, forms, gates, nav, rooms, state, words
from core.ui.train import recordings

SEED, NAME, SCOPE = "train.seed", "train.name", "train.scope"
MAX_SEED = 2**31 - 1


def form(row: DatasetRow, entry: DetectorInfo, options: Mapping[str, Any]) -> None:
    """The settings of a detector and the button that starts it. ``options`` are the wishes beside its parameters that
    recordings ask for, such as the scope."""
    params = forms.parameter_form(entry)
    with st.grid(2, min_column_width=200):
        st.text_input(
            "Name",
            key=NAME,
            max_chars=120,
            placeholder=default_name(entry, row),
            persist_state="session",
            help="How the model is called in lists. It can be renamed later.",
        )
        st.number_input(
            "Seed",
            min_value=0,
            max_value=MAX_SEED,
            step=1,
            key=SEED,
            persist_state="session",
            help="The same data, settings and seed give the same scores.",
        )
    with errors.shown():
        _ask(row, entry, params, options)


def scope(found: recordings.Material) -> recordings.Scope:
    """One model for all machines or one for each, asked where there are several."""
    if found.machines < 2:
        return found.usual_scope
    st.session_state.setdefault(SCOPE, found.usual_scope)
    chosen = st.segmented_control(
        "Scope",
        list(recordings.SCOPES),
        format_func=recordings.SCOPES.__getitem__,
        required=True,
        key=SCOPE,
        persist_state="session",
        help="Machines of one kind can share a model, which then also judges machines that it never saw. A model per "
        "machine learns what is usual for each, and judges those machines alone.",
    )
    return chosen or found.usual_scope


def fill(entry: DetectorInfo, params: Mapping[str, Any], seed: int) -> None:
    """Put a model's settings into the form before it is drawn, to train again with changes."""
    forms.fill(entry, params)
    st.session_state[SEED] = seed


def default_name(entry: DetectorInfo, row: DatasetRow) -> str:
    return f"{entry.title} on {row.name}"


def _ask(row: DatasetRow, entry: DetectorInfo, params: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """UserError where the settings contradict each other or a limit; the button is then not there."""
    spec = {
        "dataset_id": row.id,
        "detector": entry.name,
        "params": dict(params),
        "seed": st.session_state[SEED],
        "exclude": sorted(rooms.datasets().excluded(row.id)),
        "name": (st.session_state[NAME] or "").strip() or default_name(entry, row),
        **options,
    }
    standing = rooms.jobs().standing("train", spec) or _demonstrated(spec)
    if standing is not None and standing.active:
        st.info("Exactly this training is under way.", icon=":material/autorenew:")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="train-ask"):
        if standing is not None and standing.result is not None:
            _offer(standing, standing.result["model_id"], row)
        start = st.button(
            "Train again" if standing else "Start training",
            type="secondary" if standing else "primary",
            icon=":material/play_arrow:",
            shortcut="ctrl+enter",
            key="start-training",
        )
    if start:
        _start(spec, force=standing is not None)


def _demonstrated(spec: Mapping[str, Any]) -> Job | None:
    """The first result in one click that made just this model of its sample."""
    plain = {key: spec[key] for key in ("dataset_id", "detector", "seed")}
    if not rooms.jobs().same("train", spec, plain):
        return None
    for name in SAMPLES:
        asked = {"sample": name, "detector": spec["detector"], "seed": spec["seed"]}
        found = rooms.jobs().standing("demo", asked)
        if found is not None and (found.result or {}).get("dataset_id") == spec["dataset_id"]:
            return found
    return None


def _offer(job: Job, model_id: str, row: DatasetRow) -> None:
    name = rooms.models().get(model_id).name
    st.success(
        f"This exact model exists: **{words.plain(name)}**, trained {blocks.ago(job.finished_at or job.created_at)}.",
        icon=":material/check_circle:",
    )
    if st.button("Open it", type="primary", icon=":material/search:", key="open-existing"):
        state.choose(dataset_id=row.id, model_id=model_id)
        nav.open_page(gates.judged_on(row.modality))


def _start(spec: Mapping[str, Any], *, force: bool) -> NoReturn:
    rooms.jobs().submit("train", spec, title=str(spec["name"]), force=force)
    st.rerun()
