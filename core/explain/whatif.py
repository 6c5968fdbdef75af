"""What if a sensor had read otherwise? Rescores a stretch with edited readings, exactly as the detector would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit
from core.detectors.series.calibration import Mode
from core.detectors.series.model import SeriesModel
from core.errors import UserError
from core.explain.reference import Reference
from core.explain.stretch import Stretch, filled

Change = Literal["expected", "usual", "shift", "freeze"]
CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True)
class Edit:
    """What to do to a signal, ``sensor`` by its place among the model's signals, throughout the stretch:

    - ``expected``: it reads what the other sensors, as they are after the edits before, let expect;
    - ``usual``: it reads its training median;
    - ``shift``: it reads ``by`` usual spreads more;
    - ``freeze``: it holds its last reading from before the stretch.
    """

    sensor: int
    change: Change
    by: float = 0.0


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Surprise (-log10 p) of each step of the stretch before and after the edits, and the scores (n,) themselves."""

    surprise_before: NDArray[np.float64]
    surprise_after: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def what_if(
    model: SeriesModel,
    unit: SeriesUnit,
    start: int,
    stop: int,
    edits: Sequence[Edit],
    *,
    mode: Mode = "now",
    reference: Reference | None = None,
) -> WhatIf:
    """Rescore steps ``start`` to ``stop - 1`` of a prepared unit after ``edits``, done in order.

    ``reference`` is needed for ``expected``. UserError for a sensor or a change that does not exist.
    """
    stretch = Stretch.of(model, unit, start, stop, mode)
    values = edited(stretch, edits, reference)
    before, after = stretch.scores.score, stretch.rescored(values).score
    surprise = stretch.member.calibration.surprise
    return WhatIf(surprise(before, mode), surprise(after, mode), before, after)


def edited(stretch: Stretch, edits: Sequence[Edit], reference: Reference | None) -> NDArray[np.float32]:
    """(m, d) the stretch's readings, with what is around them, after the edits."""
    values = stretch.values.copy()
    part = slice(stretch.lead, stretch.lead + stretch.n)
    for edit in edits:
        if not 0 <= edit.sensor < stretch.width or edit.change not in CHANGES:
            raise UserError(
                f"There is no change «{edit.change}» of sensor {edit.sensor}",
                f"{stretch.width} sensors",
                f"Choose one of {', '.join(CHANGES)}, and a sensor of the model",
            )
        column = values[part, edit.sensor]  # a view
        if edit.change == "shift":
            column += np.float32(edit.by)
        elif edit.change == "usual":
            column[:] = 0.0
        elif edit.change == "freeze":
            earlier = values[: stretch.lead, edit.sensor]
            known = earlier[np.isfinite(earlier)] if np.isfinite(earlier).any() else column[np.isfinite(column)]
            column[:] = known[-1 if np.isfinite(earlier).any() else 0] if len(known) else 0.0
        elif reference is None:
            raise UserError("What the others let expect needs normal data", "", "Give the training recordings as well")
        else:
            column[:] = reference.expected(filled(values))[part, edit.sensor]
    return values
