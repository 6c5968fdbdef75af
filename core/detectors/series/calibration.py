"""One axis for every detector over time: how surprising a score is among held-out normal steps.

*Surprise* is -log10 p: 0 for a usual step, 3 for one that a thousand normal steps show once. The body is counted, the
tail is a generalised Pareto distribution (``metrics.evt``), both from normal stretches that the detector never learned
from. A promise holds as far as the future's normal steps are like those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.detectors.series.contract import Pushed
from core.errors import UserError
from core.metrics.evt import Pot

Mode = Literal["now", "settled"]
RATE = 1e-3  # of false alarms a step, where nobody asked for another


@dataclass(frozen=True, eq=False)
class SeriesCalibration:
    """Tails of both scores over ``n`` held-out normal steps."""

    now: Pot
    settled: Pot

    @classmethod
    def fit(cls, scored: Sequence[Pushed], context: int, delay: int) -> Self:
        """From scored held-out stretches. The first ``context - 1`` steps of each are less sure and left out."""
        kept = [(one.now.score[context - 1 :], one.settled.score[context - 1 :]) for one in scored]
        if not any(len(pair[0]) for pair in kept):
            raise UserError(
                "No held-out normal stretch is longer than what the detector looks back on",
                f"{context} steps",
                "Give longer recordings of normal running, or choose a shorter window",
            )
        now, settled = (np.concatenate([pair[index] for pair in kept]) for index in (0, 1))
        return cls(Pot.fit(now, gap=max(context, 1)), Pot.fit(settled, gap=max(context + delay, 1)))

    @property
    def n(self) -> int:
        return self.now.n

    def tail(self, mode: Mode) -> Pot:
        return self.now if mode == "now" else self.settled

    def surprise(self, scores: ArrayLike, mode: Mode) -> NDArray[np.float64]:
        """(n,) -log10 of the share of normal steps that reach each score; rises with the score, finite."""
        return np.asarray(-self.tail(mode).log_survival(scores) / math.log(10))

    def threshold(self, rate: float, mode: Mode) -> float:
        """The score that a normal step surpasses with probability ``rate``, in the detector's units."""
        if not 0 < rate < 1:
            raise UserError(f"A false-alarm rate of {rate} is not between 0 and 1", "", "Give a share such as 0.001")
        return float(self.tail(mode).quantile(rate))

    def band(self, rate: float, mode: Mode) -> tuple[float, float]:
        """95 % band of ``threshold``."""
        low, high = self.tail(mode).band(rate)
        return float(low), float(high)

    def to_json(self) -> dict[str, Any]:
        return {"now": self.now.to_json(), "settled": self.settled.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(Pot.from_json(data["now"]), Pot.from_json(data["settled"]))


def shortage(calibrations: Mapping[str, SeriesCalibration], rate: float = RATE) -> str | None:
    """A sentence where the held-out steps of a member, by machine, are too few to have seen ``rate``; else None."""
    few = sorted((one.n, machine) for machine, one in calibrations.items() if one.n < 1 / rate)
    if not few:
        return None
    n, machine = few[0]
    several = len(calibrations) > 1
    where = f" for {machine}, the fewest of {len(few)} such machines" if several else ""
    silent = sum(math.isinf(calibrations[name].threshold(rate, "now")) for _, name in few)
    consequence = "the threshold is extrapolated"
    if silent:
        consequence = f"for {silent} of them no alarm is ever raised" if several else "no alarm is ever raised"
    return (
        f"A promise of {rate:g} false alarms a step takes {math.ceil(1 / rate):,} held-out normal steps, there are "
        f"{n:,}{where}: {consequence}."
    )
