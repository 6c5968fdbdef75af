"""How the three verdicts look everywhere, and the limits that make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.charts.palette import VERDICT_COLOURS
from core.detectors.calibration import Calibration
from core.metrics.verdicts import Shares, verdicts

Verdict = Literal["accept", "review", "reject"]
REVIEW_RATE, REJECT_RATE = 0.05, 0.01  # promised at first, or the lowest that can be


@dataclass(frozen=True)
class Look:
    """How a verdict is shown: a word, an icon and a colour, always together."""

    word: str
    icon: str
    colour: str  # name of a theme colour
    rgb: tuple[int, int, int]

    @property
    def badge(self) -> str:
        """As Markdown."""
        return f":{self.colour}-badge[{self.icon} {self.word}]"


def _look(verdict: Verdict, icon: str, colour: str) -> Look:
    red, green, blue = (int(VERDICT_COLOURS[verdict][i : i + 2], 16) for i in (1, 3, 5))
    return Look(verdict.capitalize(), f":material/{icon}:", colour, (red, green, blue))


LOOKS: dict[Verdict, Look] = {
    "accept": _look("accept", "check_circle", "green"),
    "review": _look("review", "visibility", "yellow"),
    "reject": _look("reject", "dangerous", "orange"),
}


@dataclass(frozen=True)
class Limits:
    """Scores up to ``review`` are accepted, above ``reject`` rejected, between them a person looks."""

    review: float
    reject: float

    def verdicts(self, scores: ArrayLike) -> NDArray[np.str_]:
        """(n,) verdicts of (n,) scores."""
        return verdicts(scores, self.review, self.reject)

    def good_shares(self, calibration: Calibration) -> Shares:
        """The shares of good parts (accepted, reviewed, rejected) when as many lie above each limit as promised.

        An expectation, no bound: each limit bounds what lies above it, and their difference bounds nothing.
        """
        above_review, above_reject = (calibration.promised_rate(limit) for limit in (self.review, self.reject))
        return 1 - above_review, above_review - above_reject, above_reject


def bound(calibration: Calibration, limit: float | None = None) -> str:
    """How firmly the calibration promises a rate: "at most" where it is exact, "about" where it is cross-fitted or by
    category; "at most about" above a ``limit`` that no good part reached, where nobody knows how much less it is."""
    if calibration.exact:
        return "at most"
    return "at most about" if limit is not None and not (calibration.scores > limit).any() else "about"


def default_limits(calibration: Calibration) -> Limits:
    """Review from a promised 5 % of good parts on, reject from 1 % on, or the lowest that can be promised."""
    return Limits(*(calibration.threshold(calibration.reachable(rate)) for rate in (REVIEW_RATE, REJECT_RATE)))
