"""Two limits, three verdicts: accept, human review, reject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import UserError

VERDICTS = ("accept", "review", "reject")
LABELS = ("good", "bad", None)


@dataclass(frozen=True)
class PerDay:
    """Parts per day, expected; None where no labelled image tells."""

    false_alarms: float | None  # good parts rejected
    reviews: float | None  # parts that a person looks at
    missed: float | None  # defective parts accepted


def verdicts(scores: ArrayLike, accept: float, reject: float) -> NDArray[np.str_]:
    """The verdict of each score (n,): "accept" up to ``accept``, "reject" above ``reject``, "review" between."""
    if accept > reject:
        raise UserError("The accept limit lies above the reject limit", "", "Lower it, or raise the reject limit")
    values = np.asarray(scores, float)
    return np.array(VERDICTS)[(values > accept).astype(int) + (values > reject)]


def verdict_table(found: ArrayLike, labels: Sequence[str | None]) -> NDArray[np.int64]:
    """Counts (3 verdicts, 3 labels) in the order of ``VERDICTS`` and ``LABELS``; the last column has no label."""
    verdict = np.asarray(found)
    columns = [np.array([label == wanted for label in labels], bool) for wanted in LABELS]
    return np.array([[np.sum((verdict == row) & column) for column in columns] for row in VERDICTS], np.int64)


def expected_per_day(table: NDArray[np.int64], parts_per_day: float, defect_rate: float) -> PerDay:
    """What the labelled images of a ``verdict_table`` lead one to expect of a line with this share of defects."""
    good, bad = _shares(table[:, 0]), _shares(table[:, 1])
    line = {"good": parts_per_day * (1 - defect_rate), "bad": parts_per_day * defect_rate}
    reviews = 0.0 if good is not None or bad is not None else None
    for shares, parts in ((good, line["good"]), (bad, line["bad"])):
        if reviews is not None and parts:
            reviews = None if shares is None else reviews + shares[1] * parts
    return PerDay(
        false_alarms=None if good is None else good[2] * line["good"],
        reviews=reviews,
        missed=None if bad is None else bad[0] * line["bad"],
    )


def _shares(counts: NDArray[np.int64]) -> list[float] | None:
    total = int(counts.sum())
    return [float(count) / total for count in counts] if total else None
