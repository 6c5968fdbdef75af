"""Curves of a report over recordings: what each limit finds, what it calls people out for, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence

from core.charts.comparereport import Drawing
from core.charts.svgplot import Frame, Trace, lines_svg
from core.compare.costdrawing import expected_costs
from core.compare.seriesbyside import SeriesSideBySide
from core.compare.seriescurves import PER, LimitCurve, common, series_costs, worst
from core.metrics.cost import CostWeights
from core.metrics.series.callouts import HOLD

REACH = 10.0  # false call-outs in ``PER`` normal steps that are drawn at least


def series_drawings(curves: Sequence[LimitCurve], rate: float) -> list[Drawing]:
    """Events found against false call-outs, precision against recall; the sign is each one's limit at ``rate``."""
    if not curves:
        return []
    places = [(one, one.at(rate)) for one in curves]
    own = [None if at is None else (float(one.calls[at]), float(one.found[at])) for one, at in places]
    reach = max([REACH, *(1.6 * point[0] for point in own if point)])
    traces = [Trace(place, one.calls, one.found, own[place]) for place, one in enumerate(curves)]
    frame = Frame(f"false call-outs in {PER:,} normal steps", "anomalies found", across=(0.0, reach))
    note = (
        f"After an alarm the machine is looked at for {HOLD} steps: what alarms in them is the same call-out, false "
        "where none of its alarmed steps is labelled anomalous. The sign is each one's own limit."
    )
    found = [Drawing("Found against false call-outs", lines_svg(traces, frame, "Found against false call-outs"), note)]
    own = [
        (float(one.recall[at]), float(one.precision[at])) if at is not None and one.precision[at] >= 0 else None
        for one, at in places
    ]
    traces = [
        Trace(place, one.recall[one.precision >= 0], one.precision[one.precision >= 0], own[place])
        for place, one in enumerate(curves)
    ]
    frame = Frame("recall of anomalous steps", "precision", level=float(curves[0].precision[0]))
    note = "Steps of all machines together. Dashed: guessing."
    return [*found, Drawing("Precision and recall", lines_svg(traces, frame, "Precision-recall curves"), note)]


def cost_drawing(
    side: SeriesSideBySide, curves: Sequence[LimitCurve], weights: CostWeights, anomalies: float | None, rate: float
) -> list[Drawing]:
    """What every limit costs with these weights; ``anomalies`` in ``PER`` steps, None for as many as are counted."""
    often = common(side) if anomalies is None else anomalies
    found = series_costs(curves, weights, often, rate) if curves else None
    if not found:
        return []
    note = (
        f"A missed anomaly costs {weights.miss:g}, a false call-out {weights.false_alarm:g}, {often:.3g} anomalies in "
        f"{PER:,} steps; 1 is every anomaly missed and somebody called out all the time. In {PER:,} steps:"
    )
    axis = f"false call-outs in {PER:,} normal steps"
    return [expected_costs(side.names, found, axis, note, scale=PER / HOLD, unit=worst(weights, often))]
