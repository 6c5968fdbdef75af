"""Two limits, three verdicts: accept, human review, reject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import UserError

VERDICTS = ("accept", "review", "reject")
LABELS = ("good", "bad", None)
Shares = tuple[float, float, float]  # of accept, review, reject


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
    return np.asarray(np.array(VERDICTS)[(values > accept).astype(int) + (values > reject)])


def verdict_table(found: ArrayLike, labels: Sequence[str | None]) -> NDArray[np.int64]:
    """Counts (3 verdicts, 3 labels) in the order of ``VERDICTS`` and ``LABELS``; the last column has no label."""
    verdict = np.asarray(found)
    columns = [np.array([label == wanted for label in labels], bool) for wanted in LABELS]
    return np.array([[np.sum((verdict == row) & column) for column in columns] for row in VERDICTS], np.int64)


def shares(counts: ArrayLike) -> Shares | None:
    """Shares accepted, reviewed and rejected from one column of a ``verdict_table``; None where it is empty."""
    values = np.asarray(counts, float)
    total = float(values.sum())
    return (values[0] / total, values[1] / total, values[2] / total) if total else None


def expected_per_day(good: Shares | None, bad: Shares | None, parts_per_day: float, defect_rate: float) -> PerDay:
    """What a line with this share of defective parts may expect, from the shares of good and of bad parts per verdict.

    ``None`` for a kind of part that nobody knows the shares of; what depends on them is then None.
    """
    good_parts, bad_parts = parts_per_day * (1 - defect_rate), parts_per_day * defect_rate
    known = (good is not None or not good_parts) and (bad is not None or not bad_parts)
    reviewed = (good[1] * good_parts if good else 0.0) + (bad[1] * bad_parts if bad else 0.0)
    return PerDay(
        false_alarms=good[2] * good_parts if good else None,
        reviews=reviewed if known else None,
        missed=bad[0] * bad_parts if bad else None,
    )
