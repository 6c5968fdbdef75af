"""Pictures drawn by a VAE. torch is imported with the first of them, in nobody's page but this one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.charts.overlays import encode_jpeg
from core.datasets.images import load_rgb
from core.datasets.types import ImageItem
from core.errors import UserError
from core.store.models import ModelRow
from core.ui import rooms

if TYPE_CHECKING:
    from core.detectors.image_vae.latent import LatentSpace

DETECTOR = "image-vae"


def samples(model: ModelRow, n: int, temperature: float, seed: int) -> list[bytes]:
    """``n`` drawn parts as JPEG."""
    return _samples(model.id, n, temperature, seed)


def between(model: ModelRow, first: ImageItem, last: ImageItem, steps: int) -> list[bytes]:
    """``steps`` pictures from one part to the other, both redrawn ends included, as JPEG."""
    return _between(model.id, first.sha256, last.sha256, steps, first.path, last.path)


@st.cache_resource(max_entries=2, show_spinner="Loading the network")
def _space(model_id: str) -> LatentSpace:
    from core.detectors.image_vae.detector import ImageVae
    from core.store.modelfolder import load_model

    detector, _, _ = load_model(rooms.models().folder(model_id))
    if not isinstance(detector, ImageVae):
        raise UserError("This model has no latent space", model_id, "Choose a VAE")
    return detector.latent_space()


@st.cache_data(max_entries=32, show_spinner=False)
def _samples(model_id: str, n: int, temperature: float, seed: int) -> list[bytes]:
    return [encode_jpeg(picture) for picture in _space(model_id).sample(n, temperature, seed)]


@st.cache_data(max_entries=32, show_spinner=False)
def _between(model_id: str, first: str, last: str, steps: int, _first: Path, _last: Path) -> list[bytes]:
    from core.detectors.image_vae.model import SIZE

    ends = [load_rgb(path, (SIZE, SIZE)) for path in (_first, _last)]
    return [encode_jpeg(picture) for picture in _space(model_id).interpolate(ends[0], ends[1], steps)]
