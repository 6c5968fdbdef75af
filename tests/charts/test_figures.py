"""Figures: what they say follows from the data; every one is see-through and can be drawn by the browser."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from core.charts import palette
from core.charts.counts import confusion_matrix, recall_bars, split_counts
from core.charts.curves import pr_figure, roc_figure, training_curves
from core.charts.scores import score_histogram
from core.metrics import ranking
from core.metrics.groups import per_class
from core.metrics.verdicts import verdict_table, verdicts

RNG = np.random.default_rng(0)
SCORES = np.concatenate([RNG.normal(2, 0.4, 60), RNG.normal(3.5, 0.8, 40)])
LABELS = ["good"] * 60 + ["bad"] * 40
TRUTH = np.array(LABELS) == "bad"
DEFECTS = [None] * 60 + ["crack"] * 25 + ["dent"] * 15


def drawable(figure: go.Figure) -> dict:
    """What the browser gets."""
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    return json.loads(figure.to_json())


def texts(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_histogram_counts_every_image_under_its_label():
    figure = score_histogram([*SCORES, 1.0, 9.0], [*LABELS, None, None], accept=2.4, reject=3.0)
    drawable(figure)
    counted = {trace.name: sum(trace.y) for trace in figure.data}
    assert counted == {"good (60)": 60, "anomalous (40)": 40, "no label (2)": 2}
    assert texts(figure) == ["accept", "review", "reject"]
    assert figure.data[-1].marker.pattern.shape  # a second sign besides the colour


def test_histogram_shows_limits_that_lie_beyond_all_scores():
    figure = score_histogram([1.0, 1.0], ["good", "good"], accept=5.0, reject=7.0)
    low, high = figure.layout.xaxis.range
    assert low < 1 < 7 < high


def test_equal_limits_leave_no_review_zone():
    assert texts(score_histogram(SCORES, LABELS, accept=3.0, reject=3.0)) == ["accept", "reject"]


@pytest.mark.parametrize("scores", [[], [2.0]])
def test_histogram_of_nearly_nothing(scores):
    drawable(score_histogram(scores, ["good"] * len(scores), accept=2.0, reject=2.0))


def test_curves_show_chance_and_the_limit_now():
    now = ranking.confusion(SCORES, TRUTH, 3.0)
    roc = roc_figure(ranking.curve(SCORES, TRUTH, "roc"), 0.95, interval=(0.9, 0.99), operating=now)
    assert [trace.name for trace in roc.data] == ["AUROC 0.950 (95\u00a0%: 0.900 to 0.990)", "guessing", "limit now"]
    assert (roc.data[2].x[0], roc.data[2].y[0]) == (now.false_alarm_rate, now.recall)
    pr = pr_figure(ranking.curve(SCORES, TRUTH, "pr"), 0.9, operating=now)
    assert pr.data[1].y == (0.4, 0.4)  # the share of anomalous images
    assert (pr.data[2].x[0], pr.data[2].y[0]) == (now.recall, now.precision)
    nothing = ranking.confusion(SCORES, TRUTH, 99.0)  # no alarm at all: precision is not defined
    assert [trace.name for trace in pr_figure(ranking.curve(SCORES, TRUTH, "pr"), 0.9, operating=nothing).data] == [
        "AUPRC 0.900",
        "guessing",
    ]
    for figure in (roc, pr):
        drawable(figure)


def test_confusion_names_the_errors_and_hides_an_empty_column():
    table = verdict_table(verdicts(SCORES, 2.4, 3.0), LABELS)
    figure = confusion_matrix(table)
    drawable(figure)
    assert list(figure.layout.xaxis.ticktext) == ["good", "anomalous"]
    assert sum("missed" in text for text in texts(figure)) == 1
    assert sum("false alarms" in text for text in texts(figure)) == (1 if table[2, 0] else 0)
    unlabelled = verdict_table(verdicts([1.0], 2.4, 3.0), [None])
    assert list(confusion_matrix(unlabelled).layout.xaxis.ticktext) == ["good", "anomalous", "no label"]


def test_recall_bars_put_the_worst_class_on_top():
    found = per_class(SCORES, TRUTH, DEFECTS, 3.0)
    rows = {name: {"n": one.n, "recall": one.recall, "recall_ci95": one.recall_ci95} for name, one in found.items()}
    figure = recall_bars(rows)
    drawable(figure)
    assert list(figure.data[0].x) == sorted(figure.data[0].x, reverse=True)  # plotly draws from the bottom up
    for value, up, down in zip(
        figure.data[0].x, figure.data[0].error_x.array, figure.data[0].error_x.arrayminus, strict=True
    ):
        assert 0 <= value - down <= value <= value + up <= 1


def test_counts_tell_their_numbers():
    figure = split_counts([("train", "good", 7), ("test", "good", 3), ("test", "crack", 2), ("test", "no label", 1)])
    drawable(figure)
    assert list(figure.data[0].y) == ["good", "crack", "no label"]
    assert set(texts(figure)) == {"7 + 3", "2", "1"}


def test_training_curves_tell_their_last_value():
    points = [(step, name, 1 / (step + 1)) for step in range(4) for name in ("loss", "held-out loss")]
    figure = training_curves(points)
    drawable(figure)
    assert [trace.name for trace in figure.data] == ["loss 0.25", "held-out loss 0.25"]
    assert training_curves([]).data == ()


def test_vermillion_is_kept_for_anomalous():
    assert palette.ANOMALOUS not in palette.CATEGORICAL
    assert palette.faint("#D55E00", 0.5) == "rgba(213,94,0,0.5)"
