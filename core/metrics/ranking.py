"""How well scores rank anomalous images above good ones, and what a threshold makes of them.

Everywhere ``scores`` is (n,) finite, higher is more anomalous, and ``anomalous`` is (n,) bool. A verdict is "bad"
where ``score > threshold``, strictly. A metric that needs both classes is None where one is missing, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Confusion:
    """Counts at a threshold; "bad" is the positive class. A rate without a denominator is None."""

    true_bad: int
    false_bad: int
    true_good: int
    false_good: int

    @property
    def false_alarm_rate(self) -> float | None:
        """Share of the good parts that were called bad."""
        return _share(self.false_bad, self.false_bad + self.true_good)

    @property
    def recall(self) -> float | None:
        """Share of the anomalous parts that were called bad."""
        return _share(self.true_bad, self.true_bad + self.false_good)

    @property
    def precision(self) -> float | None:
        """Share of the alarms that were right."""
        return _share(self.true_bad, self.true_bad + self.false_bad)

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN); None without anomalous parts, 0 where all were missed."""
        if not self.true_bad + self.false_good:
            return None
        return 2 * self.true_bad / (2 * self.true_bad + self.false_bad + self.false_good)


class F1Max(NamedTuple):
    """The best F1 over all thresholds. An oracle: its threshold was chosen on the data that it is judged on."""

    f1: float
    threshold: float


@dataclass(frozen=True)
class Curve:
    """Points of a ROC or a precision-recall curve, from the highest threshold down; a verdict is ``score > t``.

    ROC: ``x`` false-alarm rate, ``y`` recall. PR: ``x`` recall, ``y`` precision. ``thresholds`` begins with the
    highest score, where nothing is flagged, and ends with -inf, where everything is.
    """

    x: Floats
    y: Floats
    thresholds: Floats


def check(scores: ArrayLike, anomalous: ArrayLike) -> tuple[Floats, Bools]:
    """The two arrays with their dtypes; ValueError where they do not match or a score is not finite."""
    values, truth = np.asarray(scores, float), np.asarray(anomalous, bool)
    if values.ndim != 1 or values.shape != truth.shape:
        raise ValueError(f"scores {values.shape} and labels {truth.shape} must be two vectors of one length")
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite")
    return values, truth


def auroc(scores: ArrayLike, anomalous: ArrayLike) -> float | None:
    """Chance that an anomalous image scores above a good one, ties counting half (Mann-Whitney U / (n+ n-))."""
    values, truth = check(scores, anomalous)
    good, bad = np.sort(values[~truth]), values[truth]
    if not len(good) or not len(bad):
        return None
    below = np.searchsorted(good, bad, "left").sum(dtype=np.int64)
    not_above = np.searchsorted(good, bad, "right").sum(dtype=np.int64)
    return float((below + not_above) / 2 / len(good) / len(bad))


def auprc(scores: ArrayLike, anomalous: ArrayLike) -> float | None:
    """Average precision: sum over distinct thresholds of (recall step) x precision, without interpolation."""
    values, truth = check(scores, anomalous)
    if truth.all() or not truth.any():
        return None
    hits, flagged, _ = _cumulative(values, truth)
    return float(np.sum(np.diff(hits, prepend=0) / hits[-1] * hits / flagged))


def f1_max(scores: ArrayLike, anomalous: ArrayLike) -> F1Max | None:
    """The highest F1 that any threshold reaches on these very images, with that threshold: an oracle.

    The threshold lies half way between the lowest flagged and the highest passed score.
    """
    values, truth = check(scores, anomalous)
    if truth.all() or not truth.any():
        return None
    hits, flagged, cuts = _cumulative(values, truth)
    f1 = 2 * hits / (flagged + hits[-1])
    best = int(np.argmax(f1))
    if best + 1 == len(cuts):
        return F1Max(float(f1[best]), float(np.nextafter(cuts[best], -np.inf)))
    lower, upper = cuts[best + 1], cuts[best]
    middle = lower + (upper - lower) / 2
    return F1Max(float(f1[best]), float(middle if middle < upper else lower))


def confusion(scores: ArrayLike, anomalous: ArrayLike, threshold: float) -> Confusion:
    """Counts of verdicts against labels where "bad" is ``score > threshold``."""
    values, truth = check(scores, anomalous)
    flagged = values > threshold
    return Confusion(
        true_bad=int(np.sum(flagged & truth)),
        false_bad=int(np.sum(flagged & ~truth)),
        true_good=int(np.sum(~flagged & ~truth)),
        false_good=int(np.sum(~flagged & truth)),
    )


def curve(scores: ArrayLike, anomalous: ArrayLike, kind: Literal["roc", "pr"], points: int = 500) -> Curve | None:
    """The ROC or PR curve, thinned for display to about ``points`` points; None with one class.

    Metrics are never computed from the thinned curve. The PR curve begins at recall 0 with the precision of the
    highest score: precision is not defined where nothing is flagged.
    """
    values, truth = check(scores, anomalous)
    if truth.all() or not truth.any():
        return None
    hits, flagged, cuts = _cumulative(values, truth)
    recall, alarms = hits / hits[-1], (flagged - hits) / (len(values) - hits[-1])
    # Everything from cuts[i] up is flagged by the strict threshold cuts[i + 1]; below the lowest score there is none.
    thresholds = np.append(cuts, -np.inf)
    if kind == "roc":
        x, y = np.append(0.0, alarms), np.append(0.0, recall)
    else:
        precision = hits / flagged
        x, y = np.append(0.0, recall), np.append(precision[0], precision)
    keep = _thin(x, y, points)
    return Curve(x[keep], y[keep], thresholds[keep])


def _cumulative(values: Floats, truth: Bools) -> tuple[Floats, Floats, Floats]:
    """For each distinct score, descending: anomalous images and all images at or above it, and the score."""
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    last_of_tie = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    hits = np.cumsum(truth[order], dtype=float)[last_of_tie]
    return hits, (last_of_tie + 1).astype(float), ranked[last_of_tie]


def _thin(x: Floats, y: Floats, points: int) -> NDArray[np.intp]:
    """Indices of about ``points`` points, evenly spaced along the curve's length, the two ends among them."""
    if len(x) <= points:
        return np.arange(len(x))
    length = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    chosen = np.searchsorted(length, np.linspace(0, length[-1], points))
    return np.unique(np.concatenate([[0], chosen, [len(x) - 1]])).astype(np.intp)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
