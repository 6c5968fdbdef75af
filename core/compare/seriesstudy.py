"""The part of a comparison of recordings that takes longer than a page may: ranking figures and their differences by a
block bootstrap, every contestant on the same resampled steps, and what each limit would have made of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.compare.scoredunit import TOGETHER
from core.compare.seriesbyside import SeriesSideBySide
from core.compare.seriescurves import count_limits
from core.compare.study import corrected
from core.detectors.series.calibration import RATE, Mode
from core.metrics.intervals import Interval, percentile_interval
from core.metrics.pairedbootstrap import two_sided_p
from core.metrics.ranking import auprc, auroc
from core.metrics.series.figures import EVERY, RANKING, mean
from core.metrics.series.resampling import block_length, draw, interval
from core.metrics.series.vus import WINDOW, vus
from core.progress import Progress
from core.store.comparison import Compared, Comparison
from core.store.comparisons import SERIES_RESAMPLES
from core.store.seriesrun import MODES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Machine:
    """One machine's labelled steps: (m, n) scores of all contestants as dense ranks, (n,) labels, steps per block."""

    ranks: Floats
    labels: Bools
    block: int


def study_series(
    side: SeriesSideBySide,
    *,
    rate: float = RATE,
    resamples: int = SERIES_RESAMPLES,
    seed: int = 0,
    progress: Progress = Progress(),
) -> tuple[Comparison, pd.DataFrame, pd.DataFrame]:
    """The comparison, its items (recordings) and its table of limits (``count_limits``), ready to be stored. Figures
    are called «settled.vus_pr» and so on: measured per machine, then averaged. ``rate``: its limit is among those
    counted; nothing that is resampled depends on it."""
    import pandas as pd

    started, ids = time.perf_counter(), [one.id for one in side.contestants]
    figures: dict[str, dict[str, float | None]] = {}
    intervals: dict[str, dict[str, Interval]] = {}
    differences: dict[str, tuple[Compared, ...]] = {}
    for half, mode in enumerate(MODES):
        if half and np.array_equal(side.surprise[mode], side.surprise[MODES[0]]):  # no model waits for what comes after
            for name in RANKING:
                key, same = f"{mode}.{name}", f"{MODES[0]}.{name}"
                figures[key], intervals[key], differences[key] = figures[same], intervals[same], differences[same]
            break
        machines = _machines(side, mode)
        share = progress.part(half / len(MODES), (half + 1) / len(MODES))
        exact = [_figures(machines, index, every=1) for index in range(len(ids))]
        drawn = _drawn(machines, len(ids), resamples, seed, share)
        for at, name in enumerate(RANKING):
            key = f"{mode}.{name}"
            figures[key] = {model: own[at] for model, own in zip(ids, exact, strict=True)}
            known = {model: value for model, value in figures[key].items() if value is not None}
            intervals[key] = {
                model: ends
                for index, model in enumerate(ids)
                if model in known and (ends := interval(known[model], drawn[index, at]))
            }
            differences[key] = corrected(
                [
                    one
                    for first, second in combinations(range(len(ids)), 2)
                    if (one := _compared(ids, first, second, exact, drawn, at))
                ]
            )
    found = Comparison(
        modality="series",
        run_ids=tuple(one.run_id for one in side.contestants),
        model_ids=tuple(ids),
        dataset_id=side.dataset_id,
        rate=rate,
        resamples=resamples,
        seed=seed,
        n=len(side),
        figures=figures,
        ci95=intervals,
        differences=differences,
        notes=(f"Figures are per machine, then averaged; VUS over buffers of 0 to {WINDOW} steps",),
        seconds=time.perf_counter() - started,
        created_at=time.time(),
    )
    items = pd.DataFrame({"item": [unit.name for unit in side.units], "steps": [u.stop - u.start for u in side.units]})
    return found, items, pd.concat([count_limits(side, mode, rate) for mode in MODES], ignore_index=True)


def _machines(side: SeriesSideBySide, mode: Mode) -> list[_Machine]:
    """Machines that have both kinds of steps; taken together they are ranked by surprise, the axis that they share."""
    both = {name: steps for name, steps in side.machines.items() if side.has_both(steps)}
    if not both:
        return []
    if TOGETHER in both:
        scores = side.surprise[mode].astype(float)
    else:
        scores = np.array([side.scores(index, mode) for index in range(len(side.contestants))])
    found = []
    for own in both.values():
        labels = side.anomalous[own]
        ranks = np.array([np.unique(row[own], return_inverse=True)[1].astype(float) for row in scores])
        found.append(_Machine(ranks, labels, max(block_length(row, labels, WINDOW) for row in ranks)))
    return found


def _figures(
    machines: Sequence[_Machine], index: int, every: int, steps: Sequence[NDArray[np.int64]] | None = None
) -> list[float | None]:
    """``RANKING`` of one contestant, each the mean over machines; of the given steps of each machine, or of all."""
    found: list[tuple[float | None, ...]] = []
    for at, machine in enumerate(machines):
        scores, labels = machine.ranks[index], machine.labels
        if steps is not None:
            scores, labels = scores[steps[at]], labels[steps[at]]
        volume = vus(scores, labels, every=every)
        pair = (volume.pr, volume.roc) if volume else (None, None)
        found.append((*pair, auprc(scores, labels), auroc(scores, labels)))
    return [mean(column) for column in zip(*found, strict=True)] if found else [None] * len(RANKING)


def _drawn(machines: Sequence[_Machine], contestants: int, resamples: int, seed: int, progress: Progress) -> Floats:
    """(contestants, figures, resamples), NaN where a resample does not have the figure."""
    rng, found = np.random.default_rng(seed), np.full((contestants, len(RANKING), resamples), np.nan)
    for done in range(resamples if machines else 0):
        progress.report(done, resamples, "Resampling")
        steps = [draw(len(one.labels), one.block, rng) for one in machines]
        for index in range(contestants):
            found[index, :, done] = np.array(_figures(machines, index, EVERY, steps), float)
    return found


def _compared(
    ids: list[str], first: int, second: int, exact: list[list[float | None]], drawn: Floats, at: int
) -> Compared | None:
    """The difference of two contestants' figures; resamples are moved so that their mean is the difference itself, for
    blocks cut events, which shifts all resamples alike."""
    ours, theirs = exact[first][at], exact[second][at]
    if ours is None or theirs is None:
        return None
    value = ours - theirs
    apart = drawn[first, at] - drawn[second, at]
    apart = apart[np.isfinite(apart)]
    if not len(apart) or 2 * len(apart) < drawn.shape[2]:
        return None
    apart = apart + value - apart.mean()
    low, high = percentile_interval(apart)
    return Compared(
        first=ids[first], second=ids[second], value=value, ci95=(low, high), p=two_sided_p(value, apart), p_holm=None
    )
