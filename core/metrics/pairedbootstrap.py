"""Figures of several detectors on the same resamples of the same images, so that their differences can be read off."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.intervals import resample_counts

Floats = NDArray[np.float64]

FIGURES = ("auroc", "auprc", "recall", "false_alarm_rate")


def paired_draws(
    scores: ArrayLike, flagged: ArrayLike, anomalous: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Floats]:
    """(m, resamples) values of each of ``FIGURES`` for (m, n) scores and verdicts; empty with one class.

    Good and bad images are drawn apart. Every detector is judged on the same draws: what a resample only does is to
    change how often each image counts, so one sort per detector serves them all.
    """
    values, said, truth = np.asarray(scores, float), np.asarray(flagged, bool), np.asarray(anomalous, bool)
    if values.shape != said.shape or values.shape[1:] != truth.shape:
        raise ValueError(f"scores {values.shape}, verdicts {said.shape} and labels {truth.shape} do not match")
    if truth.all() or not truth.any() or not resamples:
        return {}
    orders = [np.argsort(-own, kind="stable") for own in values]
    parts: list[dict[str, Floats]] = []
    for counts in resample_counts(truth, resamples, seed):
        ranking = [_ranking(counts, own, truth, order) for own, order in zip(values, orders, strict=True)]
        drawn = counts.astype(np.float32)
        parts.append(
            {
                "auroc": np.array([auroc for auroc, _ in ranking]),
                "auprc": np.array([auprc for _, auprc in ranking]),
                "recall": _share(drawn, said, truth),
                "false_alarm_rate": _share(drawn, said, ~truth),
            }
        )
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in FIGURES}


def two_sided_p(difference: float, drawn: ArrayLike) -> float:
    """How likely chance alone brings a difference as large, its spread being that of the resampled differences.

    The normal distribution stands in for the resamples' own tail: counting resamples beyond 0 would end at 2 in so
    many, which a correction over a dozen pairs could then never call significant. Where the resamples do not spread at
    all (one finds everything, the other nothing) that count is what is left to say.
    """
    values = np.asarray(drawn, float)
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if spread < 1e-12:
        return 1.0 if abs(difference) < 1e-12 else min(1.0, 2 / (len(values) + 1))
    return math.erfc(abs(difference) / spread / math.sqrt(2))


def _ranking(
    counts: NDArray[np.int32], scores: Floats, truth: NDArray[np.bool_], order: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """AUROC and average precision of each resample, (r,) each, from (r, n) counts."""
    ranked, bad = scores[order], truth[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    drawn = counts[:, order]
    flagged = np.cumsum(drawn, axis=1, dtype=np.int32)[:, last].astype(float)
    drawn[:, ~bad] = 0
    hits = np.cumsum(drawn, axis=1, dtype=np.int32)[:, last].astype(float)
    positives, negatives = float(bad.sum()), float((~bad).sum())
    step = np.diff(hits, axis=1, prepend=0) / positives
    alarms = (flagged - hits) / negatives
    before = np.concatenate([np.zeros((len(counts), 1)), alarms[:, :-1]], axis=1)
    auroc = np.sum(step * (1 - (alarms + before) / 2), axis=1)
    # Where the highest images were not drawn nothing is flagged yet; the step is 0 there.
    return auroc, np.sum(step * hits / np.maximum(flagged, 1), axis=1)


def _share(drawn: NDArray[np.float32], said: NDArray[np.bool_], of: NDArray[np.bool_]) -> Floats:
    """(m, r) share of these images that are flagged."""
    return np.asarray((said[:, of].astype(np.float32) @ drawn[:, of].T).astype(float) / of.sum())
