"""Two limits on the score make three verdicts: accept, have a person look, reject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.detectors.calibration import Calibration

Verdict = Literal["accept", "review", "reject"]
VERDICTS: tuple[Verdict, ...] = ("accept", "review", "reject")


@dataclass(frozen=True)
class Look:
    """How a verdict is shown: a word, an icon and a colour, always together."""

    word: str
    icon: str
    colour: str  # name of a theme colour
    rgb: tuple[int, int, int]


LOOKS: dict[Verdict, Look] = {
    "accept": Look("Accept", ":material/check_circle:", "green", (0, 158, 115)),
    "review": Look("Review", ":material/visibility:", "yellow", (230, 159, 0)),
    "reject": Look("Reject", ":material/dangerous:", "orange", (213, 94, 0)),
}


@dataclass(frozen=True)
class Limits:
    """Scores up to ``review`` are accepted, above ``reject`` rejected, between them a person looks."""

    review: float
    reject: float

    def verdicts(self, scores: ArrayLike) -> NDArray[np.str_]:
        """(n,) verdicts of (n,) scores."""
        values = np.asarray(scores, float)
        return np.where(values > self.reject, "reject", np.where(values > self.review, "review", "accept"))


def default_limits(calibration: Calibration) -> Limits:
    """Review from a promised 5 % of good parts on, reject from 1 % on, or the lowest that can be promised."""
    review, reject = (calibration.threshold(calibration.reachable(rate)) for rate in (0.05, 0.01))
    return Limits(review, reject)


def confusion(truth: pd.Series, verdicts: ArrayLike) -> pd.DataFrame:
    """Counts by truth (rows good, bad) and verdict; images whose truth nobody told are left out."""
    table = pd.crosstab(truth, pd.Series(np.asarray(verdicts), index=truth.index))
    return table.reindex(index=["good", "bad"], columns=list(VERDICTS), fill_value=0).fillna(0).astype(int)


@dataclass(frozen=True)
class Outlook:
    """What a day with these limits holds. ``missed`` and ``caught`` are None where no bad part was ever scored."""

    false_rejects: float  # good parts rejected
    good_reviews: float  # good parts that a person looks at
    missed: float | None  # bad parts accepted
    caught: float | None  # bad parts rejected or looked at

    @property
    def false_alarms(self) -> float:
        return self.false_rejects + self.good_reviews


def outlook(
    limits: Limits, calibration: Calibration, bad_scores: ArrayLike, parts_per_day: float, defect_rate: float
) -> Outlook:
    """Expected numbers a day. Good parts follow the calibration's promise, bad ones the share seen in ``bad_scores``."""
    good, bad = parts_per_day * (1 - defect_rate), parts_per_day * defect_rate
    above_review, above_reject = (calibration.promised_rate(limit) for limit in (limits.review, limits.reject))
    scores = np.asarray(bad_scores, float)
    caught = float(np.mean(scores > limits.review)) if len(scores) else None
    return Outlook(
        good * above_reject,
        good * max(above_review - above_reject, 0.0),
        None if caught is None else bad * (1 - caught),
        None if caught is None else bad * caught,
    )
