"""ROC, precision-recall and training curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from core.charts import palette
from core.charts.canvas import canvas
from core.metrics.ranking import Confusion, Curve


def roc_figure(
    curve: Curve, auroc: float, *, interval: Sequence[float] | None = None, operating: Confusion | None = None
) -> go.Figure:
    """Recall over false-alarm rate, with the chance line and, as a diamond, the limit that is set now."""
    figure = canvas("false-alarm rate", "recall", height=360)
    _line(figure, curve, f"AUROC {_with_interval(auroc, interval)}")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="guessing", hoverinfo="skip", line=_CHANCE)
    if operating and operating.false_alarm_rate is not None and operating.recall is not None:
        _point(figure, operating.false_alarm_rate, operating.recall)
    return _unit_square(figure)


def pr_figure(
    curve: Curve, auprc: float, *, interval: Sequence[float] | None = None, operating: Confusion | None = None
) -> go.Figure:
    """Precision over recall; guessing gives the share of anomalous images at every recall."""
    figure = canvas("recall", "precision", height=360)
    _line(figure, curve, f"AUPRC {_with_interval(auprc, interval)}", step=True)
    share = float(curve.y[-1])
    figure.add_scatter(x=[0, 1], y=[share, share], mode="lines", name="guessing", hoverinfo="skip", line=_CHANCE)
    if operating and operating.precision is not None and operating.recall is not None:
        _point(figure, operating.recall, operating.precision)
    return _unit_square(figure)


def training_curves(points: Iterable[tuple[float, str, float]]) -> go.Figure:
    """Live curves of a fit from ``(step, name, value)``; the legend tells the last value of each."""
    series: dict[str, tuple[list[float], list[float]]] = {}
    for step, name, value in points:
        steps, values = series.setdefault(name, ([], []))
        steps.append(step)
        values.append(value)
    figure = canvas("step", "", height=280)
    dashes = ("solid", "dash", "dot", "dashdot")
    for k, (name, (steps, values)) in enumerate(series.items()):
        colour = palette.CATEGORICAL[k % len(palette.CATEGORICAL)]
        figure.add_scatter(
            x=steps,
            y=values,
            mode="lines" if len(values) > 1 else "markers",  # a line needs two
            name=f"{name} {values[-1]:.4g}",
            line={"color": colour, "width": 2, "dash": dashes[k % len(dashes)]},
        )
    figure.update_layout(hovermode="x unified", showlegend=True, uirevision="training")
    return figure


_CHANCE = {"color": palette.NEUTRAL, "width": 1, "dash": "dot"}


def _line(figure: go.Figure, curve: Curve, name: str, *, step: bool = False) -> None:
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        mode="lines",
        name=name,
        customdata=curve.thresholds,
        line={"color": palette.GOOD, "width": 2.5, "shape": "vh" if step else "linear"},
        hovertemplate="(%{x:.3f}, %{y:.3f}) at limit %{customdata:.4g}<extra></extra>",
    )


def _point(figure: go.Figure, x: float, y: float) -> None:
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        name="limit now",
        marker={
            "color": palette.CATEGORICAL[1],
            "symbol": "diamond",
            "size": 12,
            "line": {"color": "#333", "width": 1},
        },
        hovertemplate="limit now: (%{x:.3f}, %{y:.3f})<extra></extra>",
    )


def _with_interval(value: float, interval: Sequence[float] | None) -> str:
    return f"{value:.3f}" + (f" (95\u00a0%: {interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _unit_square(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.04])
    return figure
