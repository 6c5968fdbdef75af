"""What a threshold makes of labelled events: counts of steps, of events, and how late each was found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.series.stretches import Bools, Stretches, as_mask, overlapping, stretches

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits, false alarms, misses and, of steps, quiet normal ones. Counts of machines add up."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def precision(self) -> float | None:
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """None where there is nothing to find, 0 where nothing was found."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn) if self.tp + self.fn else None

    @property
    def far(self) -> float | None:
        """False-alarm rate: share of the normal steps that are flagged (SKAB: FP / (FP + TN))."""
        return _share(self.fp, self.fp + self.tn)

    @property
    def mar(self) -> float | None:
        """Missing-alarm rate: share of the anomalous steps that are not flagged (SKAB: FN / (FN + TP))."""
        return _share(self.fn, self.fn + self.tp)


def count_steps(flagged: ArrayLike, labels: ArrayLike) -> Counts:
    """Every step judged by itself."""
    called, truth = _pair(flagged, labels)
    return Counts(
        int(np.sum(called & truth)),
        int(np.sum(called & ~truth)),
        int(np.sum(~called & truth)),
        int(np.sum(~called & ~truth)),
    )


def count_overlaps(episodes: Stretches, events: Stretches) -> Counts:
    """Orion's rule of overlapping segments: an event that an episode overlaps is a hit, once; an episode that overlaps
    no event is a false alarm. Lenient: an alarm without end finds everything."""
    found = int(overlapping(events, episodes).sum())
    return Counts(found, int((~overlapping(episodes, events)).sum()), len(events) - found)


def event_f1(flagged: ArrayLike, labels: ArrayLike) -> float | None:
    """Harmonic mean of precision over steps and recall over events (Garg et al. 2021, composite F1): an event is found
    by one step, and an alarm that goes on for ever is paid for."""
    called, truth = _pair(flagged, labels)
    if not truth.any():
        return None
    precision = count_steps(called, truth).precision
    recall = float(overlapping(stretches(truth), stretches(called)).mean())
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def point_adjusted(flagged: ArrayLike, labels: ArrayLike, share: float = 0.0) -> Counts:
    """Steps after point adjustment: a whole event counts as flagged where more than ``share`` of it is (PA%K, Kim et
    al., AAAI 2022; 0 is plain PA).

    Inflated: with share 0 random scores do well. Only ever to be shown beside a random row, for other tables' sake.
    """
    called, truth = _pair(flagged, labels)
    events = stretches(truth)
    running = np.append(0, np.cumsum(called))
    flagged_share = (running[events[:, 1]] - running[events[:, 0]]) / np.maximum(events[:, 1] - events[:, 0], 1)
    return count_steps(called | as_mask(events[flagged_share > share], len(truth)), truth)


def delays(raised: ArrayLike, events: Stretches) -> Floats:
    """(k,) steps from each event's start to the first step in it with an alarm, NaN where there is none."""
    alarms = np.flatnonzero(np.asarray(raised, bool))
    place = np.searchsorted(alarms, events[:, 0], "left")
    first = np.append(alarms, np.iinfo(np.int64).max)[place]
    return np.where(first < events[:, 1], first - events[:, 0].astype(float), np.nan)


def _pair(flagged: ArrayLike, labels: ArrayLike) -> tuple[Bools, Bools]:
    called, truth = np.asarray(flagged, bool), np.asarray(labels, bool)
    if called.ndim != 1 or called.shape != truth.shape:
        raise ValueError(f"alarms {called.shape} and labels {truth.shape} must be two vectors of one length")
    return called, truth


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
