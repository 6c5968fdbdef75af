"""Sensors by blame: what every method gives, and how far two of them agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOP = 3


@dataclass(frozen=True, eq=False)
class Ranking:
    """How much each sensor is to blame, by one method.

    ``blame`` is (d,), finite, larger is more to blame, in the method's own terms (``unit`` says which). ``error`` is
    its standard error (d,) where the method samples. ``refused`` says in a sentence why the figures are not to be
    shown, where they are not.
    """

    method: str
    blame: NDArray[np.float64]
    unit: str
    seconds: float
    error: NDArray[np.float64] | None = None
    note: str = ""
    refused: str | None = None

    @property
    def shares(self) -> NDArray[np.float64]:
        """(d,) of the blame that is positive; they add up to 1, or are all 0 where nobody is to blame."""
        positive = np.maximum(self.blame, 0)
        total = positive.sum()
        return np.asarray(positive / total if total > 0 else np.zeros_like(positive))

    @property
    def order(self) -> NDArray[np.int64]:
        """(d,) sensors, the one most to blame first; of equals the first column."""
        return np.argsort(-self.blame, kind="stable")


@dataclass(frozen=True)
class Agreement:
    """How far two methods agree: ``tau`` is Kendall's tau-b over all sensors (None where one of them tells no sensor
    from another), ``top`` how many of their first three they share."""

    first: str
    second: str
    tau: float | None
    top: int


def agreement(rankings: Sequence[Ranking]) -> list[Agreement]:
    """Every pair of the methods that were not refused."""
    from scipy.stats import kendalltau

    kept = [one for one in rankings if one.refused is None]
    found = []
    for index, one in enumerate(kept):
        for other in kept[index + 1 :]:
            flat = any(np.ptp(ranking.blame) == 0 for ranking in (one, other))
            tau = None if flat else float(kendalltau(one.blame, other.blame).statistic)
            shared = len(set(one.order[:TOP].tolist()) & set(other.order[:TOP].tolist()))
            found.append(Agreement(one.method, other.method, tau, shared))
    return found


def consensus(rankings: Sequence[Ranking]) -> tuple[int, int]:
    """The sensor that most methods name first (of equals the one named by the earliest method), and how many do."""
    firsts = [int(one.order[0]) for one in rankings if one.refused is None]
    best = max(firsts, key=firsts.count)
    return best, firsts.count(best)
