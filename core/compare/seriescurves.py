"""What every limit on the shared axis would have made of recordings: of each contestant, what it finds and what it
calls people out for.

The study counts once, at ``limits``; curves and costs with anybody's weights are then arithmetic on the table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.compare.curves import Costs
from core.compare.seriesbyside import SeriesSideBySide
from core.detectors.series.calibration import Mode
from core.errors import UserError
from core.metrics.cost import CostWeights
from core.metrics.costcurve import CostCurve, expected_cost
from core.metrics.series.callouts import HOLD, call_outs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

PER = 10_000  # normal steps that false call-outs and costs are told for
RATES = (1e-2, 1e-3, 1e-4)  # promises whose limits are always among those counted
FINE, POINTS = 6.0, 60  # evenly spaced limits up to this surprise, and as many again above it
ALL = -1.0  # the limit below every surprise: everything alarms


@dataclass(frozen=True, eq=False)
class LimitCurve:
    """One contestant at (k,) ascending ``limits``, the first of which alarms everywhere: ``hits`` and ``false_steps``,
    anomalous and normal steps above it; ``events`` found; ``false_calls``, call-outs for nothing."""

    limits: Floats
    hits: Floats
    false_steps: Floats
    events: Floats
    false_calls: Floats

    @property
    def recall(self) -> Floats:
        """Share of the anomalous steps that alarm."""
        return np.asarray(self.hits / self.hits[0])

    @property
    def false_alarm_rate(self) -> Floats:
        """Share of the normal steps that alarm."""
        return np.asarray(self.false_steps / self.false_steps[0])

    @property
    def precision(self) -> Floats:
        """Share of the alarmed steps that are anomalous, NaN where nothing alarms."""
        alarmed = self.hits + self.false_steps
        return np.asarray(np.divide(self.hits, alarmed, out=np.full(len(alarmed), np.nan), where=alarmed > 0))

    @property
    def found(self) -> Floats:
        """Share of the events with an alarm in them."""
        return np.asarray(self.events / self.events[0])

    @property
    def calls(self) -> Floats:
        """False call-outs in ``PER`` normal steps."""
        return np.asarray(self.false_calls * PER / self.false_steps[0])

    def at(self, rate: float) -> int | None:
        """The place of the limit that promises ``rate``; None where it was not counted."""
        places = np.flatnonzero(self.limits == -math.log10(rate))
        return int(places[0]) if len(places) else None


def count_limits(side: SeriesSideBySide, mode: Mode, rate: float) -> pd.DataFrame:
    """The table that ``limit_curves`` reads, for the labelled recordings; empty without both kinds of steps. ``rate``'s
    limit and those of ``RATES`` are in it."""
    import pandas as pd

    columns = ["mode", "model", "limit", "hits", "false_steps", "events", "false_calls"]
    if not side.has_truth:
        return pd.DataFrame(columns=columns)
    # Recordings lie on one axis, so far apart that no call-out reaches into the next.
    places = np.concatenate([np.arange(u.start, u.stop) + at * HOLD for at, u in enumerate(side.units)])[side.known]
    truth, parts = side.anomalous[side.known], []
    spans = [(unit.start + start, unit.start + stop) for unit, start, stop in side.events]
    limits = _limits(float(side.surprise[mode].max()), rate)
    for one, own in zip(side.contestants, side.surprise[mode], strict=True):
        known = own[side.known]
        peaks = np.sort([own[start:stop].max() for start, stop in spans])
        calls = [call_outs(places[above], truth[above]).false for above in (known > limit for limit in limits)]
        cells = (_above(known[truth], limits), _above(known[~truth], limits), _above(peaks, limits), calls)
        parts.append(pd.DataFrame(dict(zip(columns, (mode, one.id, limits, *cells), strict=True))))
    return pd.concat(parts, ignore_index=True)


def limit_curves(counted: pd.DataFrame, mode: Mode, ids: Sequence[str]) -> list[LimitCurve]:
    """Of each of these models, in this order; empty where nothing was counted."""
    own = dict(iter(counted[counted["mode"] == mode].groupby("model")))
    if not own:
        return []
    names = ("limit", "hits", "false_steps", "events", "false_calls")
    return [LimitCurve(*(own[model][name].to_numpy(float) for name in names)) for model in ids]


def common(side: SeriesSideBySide) -> float:
    """Anomalies in ``PER`` steps of the labelled recordings, of which there must be some."""
    return PER * len(side.events) / int(side.known.sum())


def series_costs(
    curves: Sequence[LimitCurve], weights: CostWeights, anomalies: float, rate: float
) -> list[Costs] | None:
    """What each contestant costs at every limit and at that of ``rate``, where ``PER`` steps hold so many
    ``anomalies``; None without curves, or where that limit was not counted.

    An anomaly is missed or found; every ``HOLD`` normal steps are a chance of being called out for nothing. The
    normalised cost is 1 where everything that can go wrong does; ``worst`` gives it in money.
    """
    share, found = _share(anomalies), []
    for one in curves:
        at = one.at(rate)
        if at is None:
            return None
        alarms, missed = one.calls * HOLD / PER, 1 - one.found
        cost = expected_cost(alarms, missed, weights, share)
        nothing = float(expected_cost(0, 1, weights, share))
        curve = CostCurve(one.limits, alarms, missed, cost, nothing, float(cost[0]), int(np.argmin(cost)))
        found.append(Costs(curve, float(alarms[at]), float(missed[at]), float(cost[at])))
    return found or None


def worst(weights: CostWeights, anomalies: float) -> float:
    """What a normalised cost of 1 is in money, in ``PER`` steps."""
    return anomalies * weights.miss + PER / HOLD * weights.false_alarm


def _share(anomalies: float) -> float:
    """Anomalies among all that can go right or wrong."""
    if not 0 <= anomalies < math.inf:
        raise UserError(f"{anomalies} anomalies in {PER:,} steps cannot be", "", "Give a number such as 2")
    return anomalies / (anomalies + PER / HOLD)


def _limits(highest: float, rate: float) -> Floats:
    fine, rest = np.linspace(0, FINE, POINTS + 1), np.linspace(FINE, max(highest, FINE), POINTS + 1)
    promised = [-math.log10(one) for one in (*RATES, rate)]
    return np.unique(np.concatenate([[ALL], fine, rest, promised]))


def _above(values: NDArray[np.floating], limits: Floats) -> NDArray[np.int64]:
    """(k,) how many values lie above each limit."""
    return len(values) - np.searchsorted(np.sort(values), limits, "right")
