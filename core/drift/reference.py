"""What blocks of normal running look like, from stretches that the detector never learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit
from core.detectors.series.model import Member
from core.drift.blocks import FEWEST, Floats, block_length, correlation_time
from core.drift.features import Features, features
from core.errors import UserError
from core.progress import Progress

MOST_BLOCKS = 512


@dataclass(frozen=True, eq=False)
class Reference:
    """``steps`` of a block; (r, .) the features of each block, see ``Features``. ``judged`` (d,): sensors whose swings
    are short enough for the blocks; of the others nobody can tell what is usual."""

    steps: int
    judged: NDArray[np.bool_]
    level: Floats
    spread: Floats
    bulk: Floats
    code: Floats
    code_variance: Floats

    @classmethod
    def fit(cls, member: Member, normals: Sequence[SeriesUnit], progress: Progress = Progress()) -> Self:
        """From normal stretches of ``SeriesModel.prepared`` data that took no part in the fit (``held_out``).

        UserError where they are too short for ``FEWEST`` blocks.
        """
        context, pairs = member.detector.context, []
        for index, unit in enumerate(normals):
            scaled = member.scaler.apply(unit.values)
            part = progress.part(index / len(normals), (index + 1) / len(normals))
            surprise = member.calibration.surprise(member.detector.score(scaled, part).now.score, "now")
            if len(scaled) >= 2 * context:
                pairs.append((scaled[context - 1 :], surprise[context - 1 :]))
        total = sum(len(scaled) for scaled, _ in pairs)
        if not pairs:
            raise UserError(
                "No held-out normal stretch is long enough to tell drift by",
                f"{2 * context} steps",
                "Give longer recordings of normal running, or choose a shorter window",
            )
        times = correlation_time([np.column_stack([scaled, surprise]).astype(float) for scaled, surprise in pairs])
        steps = block_length(times, context, total)
        if times[-1] > steps:
            raise UserError(
                f"{total} held-out normal steps are too few to tell drift by",
                f"the score takes {times[-1]:.0f} steps to forget itself",
                "Give longer recordings of normal running",
            )
        found = [
            features(scaled[start : start + steps], surprise[start : start + steps], member.detector, context)
            for scaled, surprise in pairs
            for start in range(0, len(scaled) - steps + 1, steps)
        ]
        if len(found) < FEWEST // 2:
            raise UserError(
                "The held-out normal stretches are too short to tell drift by",
                f"{len(found)} blocks of {steps} steps",
                "Give longer unbroken recordings of normal running",
            )
        kept = np.linspace(0, len(found) - 1, min(len(found), MOST_BLOCKS)).round().astype(int)
        columns = {one.name: np.array([getattr(found[k], one.name) for k in kept]) for one in fields(Features)}
        return cls(steps, np.asarray(times[:-1] <= steps), **columns)

    def to_json(self) -> dict[str, Any]:
        """As plain numbers; ``from_json`` brings it back, equal to the last bit."""
        arrays = {one.name: to_plain(getattr(self, one.name)) for one in fields(Features)}
        return {"steps": self.steps, "judged": self.judged.tolist(), **arrays}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        arrays = {one.name: from_plain(data[one.name]) for one in fields(Features)}
        return cls(int(data["steps"]), np.array(data["judged"], bool), **arrays)


def to_plain(values: Floats) -> list[Any]:
    """Nested lists with None for NaN."""
    found = values.astype(object)
    found[~np.isfinite(values)] = None
    plain: list[Any] = found.tolist()
    return plain


def from_plain(values: list[Any]) -> Floats:
    return np.array(values, dtype=object).astype(float)
