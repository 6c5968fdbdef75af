"""The networks that image detectors look through: the bundled one with its card, those distilled here, a new one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import streamlit as st

from core.features.backbones_info import BUNDLED, CARD
from core.features.distill.config import DistillConfig
from core.settings import settings
from core.store.backbones import BackboneRow, BackboneStore
from core.ui import blocks, rooms, words

STEPS = DistillConfig().steps


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
        _bundled()
        for row in BackboneStore(rooms.workspace()).list():
            _distilled(row)
        _new()


def _bundled() -> None:
    path = settings().compact_backbone or BUNDLED
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="backbone-in-use"):
        st.markdown("**Compact**" if path == BUNDLED else f"**{words.plain(path.name)}**", width="content")
        st.badge("In use", icon=":material/check:", color="green")
        if path.is_file():
            st.caption(
                f"{blocks.size(path.stat().st_size)} · sha256 {_sha256(path, path.stat().st_mtime)[:12]}",
                width="stretch",
            )
        with st.popover("Model card", icon=":material/description:", type="tertiary", width="content"):
            st.markdown(CARD.read_text(encoding="utf-8"))


def _distilled(row: BackboneRow) -> None:
    last, learnt = row.record["curve"][-1], row.record["photographs"]
    with st.container(border=True, key=f"backbone-{row.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.plain(learnt['name'])}**", width="content")
            st.caption(
                f"{blocks.ago(row.created_at)} · {learnt['learnt']} photographs · {row.record['steps']} steps · "
                f"{last['val_loss']:.1%} of the teacher's variance left unexplained on {learnt['held_out']} held out · "
                f"{blocks.size(row.record['bytes'])} · sha256 {row.record['sha256'][:12]}",
                width="stretch",
            )
            st.download_button(
                "Weights",
                lambda: row.path.open("rb"),
                f"compact_backbone_{row.id[:8]}.safetensors",
                "application/octet-stream",
                key=f"weights-{row.id}",
                icon=":material/download:",
                on_click="ignore",
            )
        st.caption(
            "To use it, name its file in FAULTLINE_COMPACT_BACKBONE and start Faultline again; models trained before "
            "need the backbone that they were trained with. «python -m core features evaluate» tells which is better."
        )


def _new() -> None:
    """The form of a new one."""
    sets = {row.id: row for row in rooms.datasets().list() if row.modality == "image"}
    with st.popover("Distil a new one", icon=":material/model_training:", key="distill"):
        if not sets:
            st.markdown(
                "Add a set of photographs on the Data page first. A thousand ordinary ones make a usable backbone."
            )
            return
        st.markdown(
            "The network in use goes on learning to see as ResNet-18 does. It needs ResNet-18's weights and many "
            "photographs; on two processor cores 20 000 steps take hours. It may be stopped and goes on from there."
        )
        chosen = st.selectbox("Photographs", list(sets), format_func=lambda one: sets[one].name, key="distill-dataset")
        steps = st.number_input("Steps", min_value=1, max_value=1_000_000, value=STEPS, step=1000, key="distill-steps")
        if st.button("Distil", type="primary", key="distill-start"):
            spec = {"dataset_id": chosen, "config": {"steps": int(steps)}}
            rooms.jobs().submit("distill", spec, title=f"Backbone from {sets[chosen].name}")
            st.rerun()


@st.cache_data(max_entries=4, show_spinner=False)
def _sha256(path: Path, changed_at: float) -> str:
    """Of a file as it was at that time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
