"""The part of a comparison of images that takes longer than a page may: resampling, and everything that reads maps."""

from __future__ import annotations

import time
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.compare.maps import MapFigures, check_dataset, map_figures
from core.compare.sidebyside import RATE, SideBySide
from core.datasets.types import ImageSet
from core.metrics.intervals import Interval, percentile_interval
from core.metrics.multiple import holm
from core.metrics.pairedbootstrap import paired_draws, two_sided_p
from core.metrics.ranking import auprc, auroc
from core.metrics.signedrank import signed_rank
from core.progress import Progress
from core.store.comparison import Compared, Comparison
from core.store.comparisons import RESAMPLES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

NAMES = {"auroc": "image_auroc", "auprc": "image_auprc", "recall": "recall", "false_alarm_rate": "false_alarm_rate"}


def study_images(
    side: SideBySide,
    data: ImageSet,
    *,
    rate: float = RATE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Progress = Progress(),
) -> tuple[Comparison, pd.DataFrame]:
    """The comparison and its items, ready to be stored. ``resamples`` of 0: no intervals, no resampled tests."""
    import pandas as pd

    check_dataset(side, data)
    started, ids = time.perf_counter(), [one.id for one in side.contestants]
    figures, intervals, differences = _resampled(side, ids, rate, resamples, seed)
    maps = []
    for index in range(len(ids)):
        share = progress.part(0.05 + 0.9 * index / len(ids), 0.05 + 0.9 * (index + 1) / len(ids))
        maps.append(map_figures(side, index, data, resamples=resamples, seed=seed, progress=share))
    for name in ("pixel_auroc", "aupro", "aupimo"):
        figures[name] = {model: found.figures[name] for model, found in zip(ids, maps, strict=True)}
        intervals[name] = {
            model: found.ci95[name] for model, found in zip(ids, maps, strict=True) if name in found.ci95
        }
    progress.report(0.97, 1, "comparing defects one by one")
    intervals["aupimo"], differences["aupimo"] = _per_defect(ids, maps, resamples, seed)
    items = {"item": side.items, "mask_share": maps[0].shares}
    items |= {f"aupimo.{model}": found.aupimo for model, found in zip(ids, maps, strict=True)}
    progress.report(1, 1, "compared")
    return Comparison(
        modality="image",
        run_ids=tuple(one.run_id for one in side.contestants),
        model_ids=tuple(ids),
        dataset_id=side.dataset_id,
        rate=rate,
        resamples=resamples,
        seed=seed,
        n=len(side),
        said=side.said.id,
        figures=figures,
        ci95=intervals,
        differences=differences,
        notes=tuple(note for found in maps for note in found.notes),
        seconds=time.perf_counter() - started,
        created_at=time.time(),
    ), pd.DataFrame(items)


def _resampled(
    side: SideBySide, ids: list[str], rate: float, resamples: int, seed: int
) -> tuple[dict[str, dict[str, float | None]], dict[str, dict[str, Interval]], dict[str, tuple[Compared, ...]]]:
    """Ranking figures and verdicts with intervals from the same resamples for all."""
    truth, scores, flagged = side.anomalous[side.known], side.scores[:, side.known], side.flagged(rate)[:, side.known]
    exact = {
        "auroc": [auroc(own, truth) for own in scores],
        "auprc": [auprc(own, truth) for own in scores],
        "recall": [float(own[truth].mean()) if truth.any() else None for own in flagged],
        "false_alarm_rate": [float(own[~truth].mean()) if not truth.all() else None for own in flagged],
    }
    figures = {NAMES[name]: dict(zip(ids, values, strict=True)) for name, values in exact.items()}
    drawn = paired_draws(scores, flagged, truth, resamples=resamples, seed=seed)
    intervals: dict[str, dict[str, Interval]] = {}
    differences: dict[str, tuple[Compared, ...]] = {}
    for name, values in drawn.items():
        intervals[NAMES[name]] = {model: percentile_interval(own) for model, own in zip(ids, values, strict=True)}
        found = []
        for first, second in combinations(range(len(ids)), 2):
            apart, ours, theirs = values[first] - values[second], exact[name][first], exact[name][second]
            if ours is not None and theirs is not None:
                p = two_sided_p(ours - theirs, apart)
                found.append(_compared(ids, first, second, ours - theirs, percentile_interval(apart), p))
        differences[NAMES[name]] = corrected(found)
    return figures, intervals, differences


def _per_defect(
    ids: list[str], maps: list[MapFigures], resamples: int, seed: int
) -> tuple[dict[str, Interval], tuple[Compared, ...]]:
    """AUPIMO: means with intervals over defects, and every pair tested defect by defect."""
    rng, intervals, found = np.random.default_rng([seed, 3]), {}, []
    for model, own in zip(ids, maps, strict=True):
        known = own.aupimo[np.isfinite(own.aupimo)]
        if len(known) > 1 and resamples:
            intervals[model] = percentile_interval(_means(known, resamples, rng))
    for first, second in combinations(range(len(ids)), 2):
        difference = maps[first].aupimo - maps[second].aupimo
        difference = difference[np.isfinite(difference)]
        tested = signed_rank(difference, np.zeros_like(difference))
        if tested is None:
            continue
        mean = float(difference.mean())
        ends = percentile_interval(_means(difference, resamples, rng)) if resamples else None
        found.append(
            _compared(ids, first, second, mean, ends, tested.p).model_copy(
                update={"n": tested.n, "wins": tested.wins, "ties": tested.ties, "losses": tested.losses}
            )
        )
    return intervals, corrected(found)


def corrected(found: list[Compared]) -> tuple[Compared, ...]:
    """The same with Holm's correction over the pairs that were tested."""
    places = [place for place, one in enumerate(found) if one.p is not None]
    adjusted = holm(np.array([found[place].p for place in places], float))
    for place, p in zip(places, adjusted, strict=True):
        found[place] = found[place].model_copy(update={"p_holm": float(p)})
    return tuple(found)


def _means(values: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    return np.asarray(values[rng.integers(len(values), size=(resamples, len(values)))].mean(axis=1))


def _compared(
    ids: list[str], first: int, second: int, value: float, ends: Interval | None, p: float | None
) -> Compared:
    return Compared(first=ids[first], second=ids[second], value=value, ci95=ends, p=p, p_holm=None)
