"""Curves of a report over recordings: what each limit finds, what it calls people out for, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence

from core.charts.comparereport import Drawing
from core.charts.svgplot import Frame, Trace, lines_svg
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
    scale, unit = PER / HOLD, worst(weights, often)
    idle = min(found[0].curve.accept_all, found[0].curve.reject_all)
    reach = scale * min(1.0, max([0.2, *(1.6 * one.false_alarms for one in found)]))
    top = 1.15 * max([idle, *(one.at_limit for one in found)])
    traces = [
        Trace(place, scale * one.curve.false_alarms, one.curve.cost, (scale * one.false_alarms, one.at_limit))
        for place, one in enumerate(found)
    ]
    frame = Frame(f"false call-outs in {PER:,} normal steps", "expected cost", (0.0, reach), (0.0, top), level=idle)
    best = "; ".join(
        f"{name} {one.at_limit * unit:.4g} at its limit, {one.curve.cost[one.curve.hindsight] * unit:.4g} in hindsight"
        for name, one in zip(side.names, found, strict=True)
    )
    note = (
        f"A missed anomaly costs {weights.miss:g}, a false call-out {weights.false_alarm:g}, {often:.3g} anomalies in "
        f"{PER:,} steps; 1 is every anomaly missed and somebody called out all the time, dashed: not looking. In "
        f"{PER:,} steps: {best}. Hindsight chose its limit on these very labels."
    )
    return [Drawing("Expected cost", lines_svg(traces, frame, "Cost curves"), note)]
