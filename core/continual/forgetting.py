"""What a model forgot when it took in new images: the same images judged before and after, each by its own limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from core.metrics.intervals import Interval, wilson
from core.metrics.ranking import auroc

Part = Literal["old held-out", "new held-out", "old good", "old bad"]


@dataclass(frozen=True)
class Judged:
    """An image that neither model learned from, and its score before and after. ``old good`` and ``old bad`` are
    labelled test images; ``defect`` is the kind of a bad one."""

    item: str
    part: Part
    defect: str
    before: float
    after: float


@dataclass(frozen=True)
class Counted:
    """``before`` and ``after`` of ``n`` images lie above the limit of their model, with 95 % intervals (Wilson)."""

    part: Part
    defect: str
    n: int
    before: int
    after: int
    before_ci: Interval
    after_ci: Interval


@dataclass(frozen=True)
class Forgetting:
    """Limits at one promised false-alarm ``rate``, or the lowest that a calibration can promise, and the judgements."""

    rate: float
    limit_before: float
    limit_after: float
    judged: tuple[Judged, ...]

    def counts(self) -> list[Counted]:
        """False alarms of each good part, then alarms of all bad images and of each kind of defect."""
        kinds = sorted({one.defect for one in self.judged if one.part == "old bad"})
        groups: list[tuple[Part, str]] = [(part, "") for part in get_args(Part)]
        if len(kinds) > 1:
            groups += [("old bad", kind) for kind in kinds]
        found = []
        for part, defect in groups:
            own = [one for one in self.judged if one.part == part and (not defect or one.defect == defect)]
            before = sum(one.before > self.limit_before for one in own)
            after = sum(one.after > self.limit_after for one in own)
            ends = wilson(before, len(own)), wilson(after, len(own))
            if ends[0] and ends[1]:
                found.append(Counted(part, defect, len(own), before, after, ends[0], ends[1]))
        return found

    def aurocs(self) -> tuple[float | None, float | None]:
        """Of the old labelled images, before and after; None with one class."""
        own = [one for one in self.judged if one.part in ("old good", "old bad")]
        bad = [one.part == "old bad" for one in own]
        return auroc([one.before for one in own], bad), auroc([one.after for one in own], bad)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Forgetting:
        """Raises KeyError, TypeError or ValueError for anything else."""
        judged = tuple(
            Judged(**{**one, "before": float(one["before"]), "after": float(one["after"])}) for one in data["judged"]
        )
        if not {one.part for one in judged} <= set(get_args(Part)):
            raise ValueError("a part that nobody knows")
        return cls(float(data["rate"]), float(data["limit_before"]), float(data["limit_after"]), judged)


def told(found: Sequence[Counted], part: Part) -> Counted | None:
    """The count of a whole part, None where there is none of it."""
    return next((one for one in found if one.part == part and not one.defect), None)
