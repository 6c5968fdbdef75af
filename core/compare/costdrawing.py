"""What contestants cost at every limit, as a drawing for a report."""

from __future__ import annotations

from collections.abc import Sequence

from core.charts.comparereport import Drawing
from core.charts.svgplot import Frame, Trace, lines_svg
from core.compare.curves import Costs, in_view


def expected_costs(
    names: Sequence[str], found: Sequence[Costs], axis: str, note: str, *, scale: float = 1.0, unit: float = 1.0
) -> Drawing:
    """``note`` stands before what each costs. False alarms are drawn times ``scale``, costs are told times ``unit``."""
    idle = found[0].curve.blind
    top = 1.15 * max([idle, *(one.at_limit for one in found)])
    traces = [
        Trace(place, scale * one.curve.false_alarms, one.curve.cost, (scale * one.false_alarms, one.at_limit))
        for place, one in enumerate(found)
    ]
    frame = Frame(axis, "expected cost", (0.0, scale * in_view(found)), (0.0, top or 1.0), level=idle)
    best = "; ".join(
        f"{name} {one.at_limit * unit:.4g} at its limit, {one.curve.cost[one.curve.hindsight] * unit:.4g} in hindsight"
        for name, one in zip(names, found, strict=True)
    )
    told = f"Dashed: without any detector. {note} {best}. Hindsight chose its limit on these very labels."
    return Drawing("Expected cost", lines_svg(traces, frame, "Cost curves"), told)
