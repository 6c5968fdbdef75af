"""What the contestants' anomaly maps are worth, on the images that all of them share: read once, in the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.compare.contestants import Contestant
from core.compare.evaluate import FPR_LIMIT
from core.compare.maskedmaps import MaskedMaps
from core.compare.sidebyside import SideBySide
from core.datasets.types import ImageSet
from core.errors import UserError
from core.metrics.aupimo import FEW_LEVELS, LEAST_LEVELS, SharedRate
from core.metrics.intervals import Interval, pixel_intervals
from core.metrics.pixels import pixel_metrics
from core.progress import Progress
from core.store.runfolder import Run

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

PIXEL = {"pixel_auroc": "auroc", "aupro": "aupro"}


@dataclass(frozen=True, eq=False)
class MapFigures:
    """One contestant's maps. ``aupimo`` (n,) of each common image, NaN where it has no mask or the figure cannot be
    had; ``shares`` (n,) of the picture that its mask covers, NaN without one."""

    figures: dict[str, float | None]
    aupimo: Floats
    shares: Floats
    ci95: dict[str, Interval] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def map_figures(
    side: SideBySide, index: int, data: ImageSet, *, resamples: int, seed: int, progress: Progress
) -> MapFigures:
    """Pixel AUROC, AUPRO and per-image AUPIMO of a contestant. Pixel figures are those stored with its run where that
    evaluation counted the same images."""
    one, empty = side.contestants[index], np.full(len(side), np.nan)
    nothing: dict[str, float | None] = dict.fromkeys((*PIXEL, "aupimo"))
    if not side.has_truth or not any(data.by_name[name].mask for name in side.items):
        return MapFigures(nothing, empty, empty)
    maps = MaskedMaps(one.run, data, _labelled(side), progress.part(0.0, 0.4))
    if not maps.any_masks:
        return MapFigures(nothing, empty, empty)
    figures, intervals = _stored(side, one) or _pixels(maps, resamples, seed)
    maps.progress = progress.part(0.4, 1.0)
    aupimo, shares, notes = _per_image(side, maps, one)
    known = aupimo[np.isfinite(aupimo)]
    figures = nothing | figures | {"aupimo": float(known.mean()) if len(known) else None}
    return MapFigures(figures, aupimo, shares, intervals, notes)


def check_dataset(side: SideBySide, data: ImageSet) -> None:
    """UserError where ``data`` is not what the runs scored, to the last byte, label and mask."""
    if data.content_id != side.dataset_id:
        raise UserError(
            f"The runs scored another dataset than «{data.name}»",
            f"«{side.dataset_name}» {side.dataset_id[:12]}, here {data.content_id[:12]}",
            "Compare them on the files that they scored, or score these again",
        )


def _labelled(side: SideBySide) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({"item": side.items, "label": side.labels, "category": side.categories})
    return frame[side.known].reset_index(drop=True)


def _stored(side: SideBySide, one: Contestant[Run]) -> tuple[dict[str, float | None], dict[str, Interval]] | None:
    """The evaluation's pixel figures. What is counted here is among what was counted there: the same number of images
    means the same images. It knows no labels but the dataset's."""
    found: Mapping[str, Any] = one.evaluation or {}
    if side.by_hand or (found.get("n_images"), found.get("n_anomalous")) != (side.n_good + side.n_bad, side.n_bad):
        return None
    intervals = {
        name: (float(low), float(high)) for name in PIXEL if (ends := found["ci95"].get(name)) for low, high in [ends]
    }
    return {name: found[name] for name in PIXEL}, intervals


def _pixels(maps: MaskedMaps, resamples: int, seed: int) -> tuple[dict[str, float | None], dict[str, Interval]]:
    measured = pixel_metrics(maps, limit=FPR_LIMIT, histograms=resamples > 0)
    bad = (maps.rows["label"] == "bad").to_numpy(bool)
    drawn = pixel_intervals(measured, bad, limit=FPR_LIMIT, resamples=resamples, seed=seed)
    return (
        {"pixel_auroc": measured.auroc, "aupro": measured.aupro},
        {name: drawn[short] for name, short in PIXEL.items() if short in drawn},
    )


def _per_image(side: SideBySide, maps: MaskedMaps, one: Contestant[Run]) -> tuple[Floats, Floats, tuple[str, ...]]:
    place = {name: index for index, name in enumerate(side.items)}
    aupimo, shares = np.full(len(side), np.nan), np.full(len(side), np.nan)
    rate = SharedRate.of(maps.goods(), side.n_good)
    notes = []
    if rate.levels < FEW_LEVELS:
        told = "cannot be told" if rate.levels < LEAST_LEVELS else "is coarse"
        notes.append(
            f"AUPIMO of {one.name} {told}: good images give only {rate.levels} false-positive rates in its range"
        )
    for name, found, mask in maps.defects():
        shares[place[name]] = mask.mean()
        if rate.levels >= LEAST_LEVELS:
            aupimo[place[name]] = rate.aupimo(found, mask)
    return aupimo, shares, tuple(notes)
