"""The page: which VAE, and its two views."""

from __future__ import annotations

import streamlit as st

from core.detectors.image_vae.info import COLLAPSED
from core.store.models import ModelRow
from core.ui import blocks, gates, nav, rooms, state, words
from core.ui.latent import between, sampling, space
from core.ui.train import cards


def show() -> None:
    """Both views of the chosen VAE; what to do where there is none."""
    st.title("What has the VAE learned to draw?", anchor=False)
    rows = [row for row in rooms.models().list() if row.detector == space.DETECTOR]
    if not rows and gates.elsewhere("image"):
        return
    if not rows:
        if blocks.empty_state(
            "No VAE yet",
            "A convolutional VAE squeezes a part into a short code and redraws it. Train one to look into that space.",
            "Train a convolutional VAE",
            key="latent-empty",
            icon=":material/bubble_chart:",
        ):
            cards.choose(space.DETECTOR)
            nav.open_page("train")
        return
    model = _chosen(rows)
    _about(model)
    sampling.show(model)
    dataset = next((row for row in rooms.datasets().list() if row.id == model.dataset_id), state.dataset())
    if dataset is not None and dataset.modality == "image":
        between.show(model, rooms.datasets().get(dataset.id))


def _chosen(rows: list[ModelRow]) -> ModelRow:
    """The VAE of the URL, else the current model if it is one, else the newest."""
    current = state.model()
    ids = [row.id for row in rows]
    names = {row.id: f"{row.name} · {blocks.when(row.created_at)}" for row in rows}
    default = current.id if current is not None and current.id in ids else ids[0]
    return rows[ids.index(state.pick("VAE", names, param="vae", default=default))]


def _about(model: ModelRow) -> None:
    """What the manifest says of the code; a collapsed one is told."""
    found = model.manifest.provenance
    active, latent = found.get("active_units"), found.get("latent")
    if not isinstance(active, int) or not isinstance(latent, int):  # a manifest from elsewhere may say anything
        return
    name = words.plain(model.name)
    st.caption(
        f"**{name}** learned for {words.plain(str(found.get('epochs')))} epochs and uses {active} of {latent} latent "
        "numbers."
    )
    if active <= COLLAPSED:
        st.warning(
            "Hardly a latent number is in use (posterior collapse): every code draws much the same part. Lower the KL "
            "weight or train longer.",
            icon=":material/compress:",
        )
