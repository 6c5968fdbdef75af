"""Every detector by name. A family adds itself by one line here; nothing else in the project lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.detectors.arima.info import INFO as ARIMA
from core.detectors.base import DetectorInfo, ImageDetector, Params, implementation
from core.detectors.iforest.info import INFO as IFOREST
from core.detectors.image_vae.info import INFO as IMAGE_VAE
from core.detectors.kalman.info import INFO as KALMAN
from core.detectors.kmeans.info import INFO as KMEANS
from core.detectors.padim.info import INFO as PADIM
from core.detectors.patchcore.info import INFO as PATCHCORE
from core.detectors.pca_t2q.info import INFO as PCA_T2Q
from core.detectors.series.contract import SeriesDetector
from core.detectors.series.contract import implementation as series_implementation
from core.detectors.series_vae.info import INFO as SERIES_VAE
from core.detectors.spade.info import INFO as SPADE
from core.detectors.usad.info import INFO as USAD
from core.errors import UserError
from core.validation import place, remedy

REGISTRY: dict[str, DetectorInfo] = {
    info.name: info
    for info in (
        PATCHCORE,
        IMAGE_VAE,
        PADIM,
        SPADE,
        SERIES_VAE,
        USAD,
        ARIMA,
        KALMAN,
        PCA_T2Q,
        KMEANS,
        IFOREST,
    )
}


def info(name: str) -> DetectorInfo:
    """The entry of a detector, by name in any case."""
    try:
        return REGISTRY[name.lower()]
    except KeyError:
        raise UserError(f"There is no detector «{name}»", "", f"Choose one of {', '.join(REGISTRY)}") from None


def parameters(name: str, values: Mapping[str, Any], preset: str | None = None) -> Params:
    """The checked parameters of a detector: its defaults, then a preset, then ``values``."""
    entry = info(name)
    if preset is not None and preset not in entry.presets:
        known = ", ".join(entry.presets) or "none"
        raise UserError(f"{entry.title} has no preset «{preset}»", "", f"Its presets are: {known}")
    try:
        return entry.params(**{**entry.presets.get(preset or "", {}), **values})
    except ValidationError as error:
        first = error.errors()[0]
        key = place(first)
        known = ", ".join(entry.params.model_fields)
        if first["type"] == "extra_forbidden":
            raise UserError(f"{entry.title} has no parameter «{key}»", "", f"It takes: {known}") from None
        title = entry.params.model_fields[key].title if key in entry.params.model_fields else ""
        called = f"{title} «{key}»" if title else f"Parameter «{key}»"
        raise UserError(f"{called} of {entry.title}: {remedy(first)}", f"got {first['input']!r}") from None


def of(modality: str) -> dict[str, DetectorInfo]:
    """The detectors of one modality, by name."""
    return {name: entry for name, entry in REGISTRY.items() if entry.modality == modality}


def require(entry: DetectorInfo, modality: str, dataset: str) -> None:
    """UserError unless the detector judges data of this modality."""
    if entry.modality != modality:
        words = {"image": "images", "series": "recordings"}
        raise UserError(
            f"{entry.title} learns from {words[entry.modality]}, and «{dataset}» holds {words[modality]}",
            "",
            f"Choose one of {', '.join(of(modality))}",
        )


def build(name: str, params: Params | None = None, seed: int = 0) -> ImageDetector:
    """An unfitted image detector."""
    entry = info(name)
    return implementation(entry)(params or entry.params(), seed)


def build_series(name: str, params: Params | None = None, seed: int = 0) -> SeriesDetector:
    """An unfitted detector over time."""
    entry = info(name)
    return series_implementation(entry)(params or entry.params(), seed)
