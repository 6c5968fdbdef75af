"""The networks that image detectors look through: the bundled one with its card, those distilled here, a new one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from core.charts.curves import training_curves
from core.datasets.wording import percent
from core.features.backbones_info import BUNDLED, CARD
from core.features.distill.config import FEWEST, DistillConfig
from core.settings import settings
from core.store.backbones import BackboneRow, BackboneStore
from core.ui import blocks, errors, jobs_panel, rooms, words

KIND, FORM = "distill", "new-backbone"
STEPS, TEXTURES = DistillConfig().steps, DistillConfig().textures


def show() -> None:
    """A folded section: few people need it often."""
    with st.expander(
        "Backbones", icon=":material/network_node:", key="backbones", on_change="rerun", bind="query-params"
    ) as section:
        if not section.open:
            return
        st.caption(
            "PatchCore, PaDiM and SPADE compare patches as a small network sees them. The bundled one imitates "
            "ImageNet's ResNet-18; on photographs of your own another can be taught to."
        )
        in_use = settings().compact_backbone or BUNDLED
        used = _hash(in_use)
        _in_use(in_use, used)
        for row in BackboneStore(rooms.workspace()).list():
            _distilled(row, used=row.record["sha256"] == used)
        _under_way()
        _new()


def _in_use(path: Path, sha256: str | None) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="backbone-in-use"):
        st.markdown("**Compact**" if path == BUNDLED else f"**{words.plain(path.name)}**", width="content")
        if sha256 is None:
            st.badge("Missing", icon=":material/error:", color="red")
            st.caption(f"FAULTLINE_COMPACT_BACKBONE names {words.plain(str(path))}, which is not there.")
            return
        st.badge("In use", icon=":material/check:", color="green")
        st.caption(f"{blocks.size(path.stat().st_size)} · sha256 {sha256[:12]}", width="stretch")
        if path == BUNDLED:  # the card is of no other file
            with st.popover("Model card", icon=":material/description:", type="tertiary", width="content"):
                st.markdown(_card())


def _card() -> str:
    """The card without its title, which the button has said."""
    return CARD.read_text(encoding="utf-8").split("\n", 1)[1]


def _distilled(row: BackboneRow, used: bool) -> None:
    last, learnt = row.record["curve"][-1], row.record["photographs"]
    with st.container(border=True, key=f"backbone-{row.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.plain(learnt['name'])}**", width="content")
            if used:
                st.badge("In use", icon=":material/check:", color="green")
            st.caption(
                f"{blocks.ago(row.created_at)} · {words.count(learnt['learnt'], 'photograph')} · "
                f"{words.count(row.record['steps'], 'step')} · {blocks.size(row.record['bytes'])} · "
                f"sha256 {row.record['sha256'][:12]}",
                width="stretch",
            )
            _learning(row)
            _use(row)
            st.download_button(
                "Weights",
                lambda: row.path.open("rb"),
                f"compact_backbone_{row.id[:8]}.safetensors",
                "application/octet-stream",
                key=f"weights-{row.id}",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
            )
            _delete(row)
        st.caption(
            f"Of the variance of ResNet-18's features it leaves {percent(last['val_loss'], 1)} unexplained on "
            f"{words.count(learnt['held_out'], 'photograph')} kept from learning"
            + (f", {percent(last['texture_loss'], 1)} on as many drawn surfaces." if "texture_loss" in last else ".")
        )


def _learning(row: BackboneRow) -> None:
    """The losses of its training, by step."""
    with st.popover(
        "Learning", icon=":material/show_chart:", type="tertiary", key=f"learning-{row.id}", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        points = [
            (entry["step"], name.replace("_", " "), float(value))
            for entry in row.record["curve"]
            for name, value in entry.items()
            if name != "step"
        ]
        st.caption(
            "How much of the variance of ResNet-18's features is left unexplained, by step: 1 is all of it. «val loss» "
            "is on photographs kept from learning, «stage» of either half of it, «texture loss» on drawn surfaces."
        )
        blocks.plot(training_curves(points), key=f"curve-{row.id}", alt=f"Losses of {row.record['steps']:,} steps")


def _delete(row: BackboneRow) -> None:
    with st.popover("Delete", icon=":material/delete:", type="tertiary", key=f"delete-{row.id}"):
        st.markdown("Deletes the weights for good. Only another training on the same photographs makes them again.")
        with errors.shown():
            if st.button("Delete the backbone", type="primary", key=f"delete-{row.id}-now"):
                BackboneStore(rooms.workspace()).remove(row.id)
                st.rerun()


def _use(row: BackboneRow) -> None:
    """How to judge it, and how to put it in the place of the one in use: neither is done from here."""
    with st.popover("Use it", icon=":material/swap_horiz:", type="tertiary", key=f"use-{row.id}"):
        st.markdown("First compare it with the bundled one, on labelled sets of your own:")
        st.code(f"python -m core features evaluate --candidate {row.path} --data SETS", language="bash")
        st.markdown("Then start Faultline with it. Models trained before need the backbone they were trained with.")
        st.code(f"FAULTLINE_COMPACT_BACKBONE={row.path}", language="bash")


def _under_way() -> None:
    """The trainings that run; and the last one where it gave nothing, with the way to go on. Curves are below, in the
    list of all jobs."""
    jobs_panel.watch({KIND}, key=KIND)
    ended = next((job for job in rooms.jobs().list(active=False) if job.kind == KIND), None)
    if ended is None or ended.state == "succeeded" or jobs_panel.active({KIND}):
        return
    with st.container(border=True, key="distill-ended"):
        with st.container(horizontal=True, vertical_alignment="center"):
            jobs_panel.badge(ended)
            st.markdown(f"**{words.plain(ended.title)}**", width="content")
            st.caption("It goes on from its last checkpoint, if it wrote one.", width="stretch")
            jobs_panel.retry(ended, key=KIND)
        if ended.error:
            st.markdown(words.plain(jobs_panel.why(ended)))


def _new() -> None:
    """The form of a new one."""
    with st.popover("Distil a new one", icon=":material/model_training:", key=FORM, on_change="rerun") as form:
        if not form.open:
            return
        sets = {row.id: row for row in rooms.datasets().list() if row.modality == "image"}
        if not sets:
            st.markdown(
                "Add a set of photographs on the Data page first. A thousand ordinary ones make a usable backbone."
            )
            return
        st.markdown(
            "The bundled network goes on learning to see as ResNet-18 does. It needs ResNet-18's weights and many "
            "photographs; on two processor cores 20,000 steps take hours. It may be stopped and goes on from there."
        )
        chosen = st.selectbox(
            "Photographs", list(sets), key="distill-dataset",
            format_func=lambda one: f"{sets[one].name} · {sets[one].n_train:,} to train on",
        )  # fmt: skip
        left, right = st.columns(2)
        steps = left.number_input(
            "Steps", min_value=1, max_value=1_000_000, value=STEPS, step=1000, key="distill-steps"
        )
        textures = right.slider(
            "Drawn surfaces", 0, 100, round(100 * TEXTURES), 5, format="%d %%", key="distill-textures",
            help="Share of the training pictures that are procedural textures (grain, weave, gratings, cells, leaves) "
            "in place of photographs.",
        )  # fmt: skip
        few = sets[chosen].n_train < FEWEST
        if few:
            st.caption(f":material/info: At least {FEWEST} photographs to train on are needed.")
        spec = {"dataset_id": chosen, "config": {"steps": int(steps), "textures": textures / 100}}
        st.button(
            "Distil", type="primary", disabled=few, key="distill-start",
            on_click=_ask, args=(spec, f"Backbone from {sets[chosen].name}"),
        )  # fmt: skip


def _ask(spec: dict[str, Any], title: str) -> None:
    """Ask for the job and fold the form away, which would cover its progress."""
    if rooms.jobs().submit(KIND, spec, title=title).existing:
        st.toast("This very training is done or under way.", icon=":material/info:")
    st.session_state[FORM] = False


def _hash(path: Path) -> str | None:
    return _sha256(path, path.stat().st_mtime) if path.is_file() else None


@st.cache_data(max_entries=4, show_spinner=False)
def _sha256(path: Path, changed_at: float) -> str:
    """Of a file as it was at that time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
