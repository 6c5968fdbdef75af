"""Runs side by side: who may be compared, what is counted, and what is told of it at once."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.charts.svgplot import _BOTTOM, _LEFT, _RIGHT, _TOP
from core.compare.contestants import checked, from_folders
from core.compare.curves import costs, curves, histograms, operating_points
from core.compare.disagreements import agreement, disagreements
from core.compare.evaluate import evaluate
from core.compare.figures import image_rows, random_row
from core.compare.groups import recall_by_class, recall_by_size
from core.compare.pairs import against, image_pairs
from core.compare.report import Chosen, _drawings
from core.compare.sentences import broken_promises, leader, protocol, verdicts
from core.compare.sidebyside import align
from core.datasets.said import NOTHING, Said
from core.errors import UserError
from core.metrics.cost import CostWeights
from tests.compare.sides import CALIBRATION, contestant, dataset, run

POINTS = re.compile(r'points="([^"]+)"')  # of a drawn line
LABELS = ["good"] * 20 + ["bad"] * 12
GOOD = np.linspace(0, 0.94, 20)
SHARP = [*GOOD, *np.linspace(1.05, 2, 12)]
BLUNT = [*GOOD[::-1], *np.linspace(0.3, 1.2, 12)]


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    folder = tmp_path_factory.mktemp("side")
    data = dataset(folder / "data", LABELS)
    return align(checked([contestant(run(folder / m, data, s, m)) for m, s in (("a", SHARP), ("b", BLUNT))]))


def test_figures_are_those_of_the_evaluation_of_each_run(tmp_path):
    data = dataset(tmp_path / "data", LABELS)
    runs = [run(tmp_path / m, data, s, m) for m, s in (("a", SHARP), ("b", BLUNT))]
    rows = image_rows(align([contestant(one) for one in runs]))
    for row, one in zip(rows, runs, strict=True):
        alone = evaluate(one, data, CALIBRATION, bootstrap=0)
        for name in ("image_auroc", "image_auprc", "image_f1", "image_f1_max", "recall", "false_alarm_rate"):
            assert row.figures[name] == pytest.approx(alone[name]), name
        assert row.figures["promised_rate"] == 0.05
        low, high = row.ci95["recall"]
        assert low <= row.figures["recall"] <= high


def test_verdicts_by_p_values_are_those_of_the_threshold(side):
    for rate in (0.025, 0.05, 0.1, 0.33, 1 / 40, 2 / 40, 3 / 40):
        limit = CALIBRATION.threshold(rate)
        np.testing.assert_array_equal(side.flagged(rate), side.scores > limit)
    # Lower than 39 images can promise: held to the lowest that they can.
    np.testing.assert_array_equal(side.flagged(0.001), side.scores > CALIBRATION.threshold(1 / 40))
    assert "cannot promise" in image_rows(side, 0.001)[0].notes[0]


def test_only_what_all_scored_and_none_learned_from_is_counted(tmp_path):
    data = dataset(tmp_path / "data", [*LABELS, None])
    scores = [*SHARP, 0.5]
    first = run(tmp_path / "a", data, scores, "a", roles={"000.png": "fit", "001.png": "calibration"})
    second = run(tmp_path / "b", data, scores, "b", only={item.name for item in data.items} - {"002.png"})
    side = align([contestant(first), contestant(second)])
    assert set(side.items) == {item.name for item in data.items} - {"000.png", "001.png", "002.png"}
    assert [(one.n, one.reason) for one in side.left_out] == [
        (1, "not scored by every model"),
        (2, "model a was fitted or calibrated on them"),
    ]
    assert (side.n_good, side.n_bad, side.unlabelled) == (17, 12, 1)
    assert "left out: 2 (model a was fitted" in protocol(side, 0.05)
    assert "1 without a label" in protocol(side, 0.05)
    assert image_rows(side)[0].figures["image_auroc"] == 1


def test_what_people_say_counts_where_the_dataset_says_nothing(tmp_path):
    data = dataset(tmp_path / "data", [*LABELS, None, None, None])
    runs = [run(tmp_path / m, data, [*SHARP, 0.9, 0.1, 0.5], m) for m in ("a", "b")]
    judged = {data.items[-3].name: "bad", data.items[-2].name: "good", data.items[-1].name: "unsure", "000.png": "bad"}
    said = Said(judged, frozenset({"001.png"}))
    side, plain = (align([contestant(one) for one in runs], told) for told in (said, NOTHING))
    assert (side.n_good, side.n_bad, side.unlabelled) == (plain.n_good, plain.n_bad + 1, 1)  # one in, one taken out
    assert (side.by_hand, plain.by_hand) == (2, 0)
    assert (1, "taken out of the dataset by a person") in [(one.n, one.reason) for one in side.left_out]
    assert "2 of the labels were given by hand" in protocol(side, 0.05)


def test_a_pair_tells_whose_verdicts_are_right(side):
    (pair,) = image_pairs(side)
    right = side.flagged() == side.anomalous
    assert sum(pair.only_first.values()) == int((right[0] & ~right[1]).sum()) == pair.only_first["bad"]
    truth = side.anomalous
    apart = roc_auc_score(truth, side.scores[0]) - roc_auc_score(truth, side.scores[1])
    assert pair.auroc == pytest.approx(apart)
    (turned,) = against([pair], 0)
    assert (turned.first, turned.second) == (1, 0)
    assert turned.auroc == -pair.auroc
    assert turned.auroc_ci95[0] == -pair.auroc_ci95[1]
    assert verdicts(pair, side.names).startswith("The verdicts of model a are right more often")
    assert leader(image_rows(side), [pair], "32 images").startswith("Highest image AUROC: model a, 1.000")


def test_disagreements_begin_where_the_verdicts_differ(side):
    found = disagreements(side)
    splits = [one.split for one in found]
    assert splits == sorted(splits, reverse=True)
    assert sum(splits) == int((side.flagged()[0] != side.flagged()[1]).sum())
    assert all(one.spread > 0 or one.split for one in found)
    apart = [one.spread for one in found if one.split]
    assert apart == sorted(apart, reverse=True)
    assert len(disagreements(side, top=3)) == 3


def test_a_lower_floor_alone_is_no_disagreement(side):
    """A model with 39 calibration images cannot give a p-value below 1 / 40, one with 9 none below 1 / 10."""
    few = replace(CALIBRATION, scores=np.linspace(0, 1, 9), map_maxima=np.linspace(0, 1, 9))
    second = replace(side.contestants[1], calibration=few)
    p_values = np.array([side.p_values[0], few.p_value(side.scores[0])])
    same = replace(side, contestants=(side.contestants[0], second), scores=side.scores[[0, 0]], p_values=p_values)
    surest = [one for one in disagreements(same, 0.2, top=None) if min(one.p_values) == 1 / 40 and not one.split]
    assert surest == []


def test_agreement_with_oneself_is_full(side):
    found = agreement(side)
    np.testing.assert_allclose(np.diag(found.kappa), 1)
    np.testing.assert_allclose(np.diag(found.same), 1)
    np.testing.assert_allclose(found.spearman, found.spearman.T)
    assert found.same[0, 1] == pytest.approx((side.flagged()[0] == side.flagged()[1]).mean())


def test_recall_by_kind_and_size_adds_up(side):
    groups = recall_by_class(side)
    assert [(group.name, group.n) for group in groups] == [("<b>scratch</b>", 6), ("dent", 6)]
    assert sum(group.found[1] for group in groups) == int(side.flagged()[1][side.anomalous].sum())
    shares = np.where(side.anomalous, np.where(np.arange(len(side)) % 2, 0.15, 0.03), np.nan)
    sizes = recall_by_size(side, shares)
    assert [group.n for group in sizes] == [6, 6]
    assert [group.found for group in sizes] == [group.found for group in reversed(groups)]


def test_curves_and_costs_begin_and_end_where_they_should(side):
    for one in curves(side, "roc"):
        assert (one.x[0], one.y[0], one.x[-1], one.y[-1]) == (0, 0, 1, 1)
    for one in histograms(side):
        assert int(one.good.sum() + one.bad.sum() + one.unlabelled.sum()) == len(side)
    found = costs(side, CostWeights(10, 1), 0.05)
    for one, counts in zip(found, operating_points(side), strict=True):
        assert one.missed == pytest.approx(1 - counts.recall)
        assert one.curve.cost[one.curve.hindsight] <= one.at_limit + 1e-12
    assert random_row(side).figures["image_auroc"] == 0.5


def test_one_bad_part_has_a_rank_but_no_test(tmp_path):
    data = dataset(tmp_path / "data", [*["good"] * 9, "bad"])
    scores = np.linspace(0, 2, 10)
    side = align([contestant(run(tmp_path / m, data, s, m)) for m, s in (("a", scores), ("b", scores[::-1]))])
    rows = image_rows(side)
    assert [row.figures["image_auroc"] for row in rows] == [1, 0]
    assert "image_auroc" not in rows[0].ci95
    assert "auroc" not in image_pairs(side)[0].tests


def test_the_area_under_the_drawn_precision_is_the_average_precision(side):
    drawing = next(one for one in _drawings(side, Chosen(), []) if one.title == "Precision and recall")
    _, *lines = (np.array([pair.split(",") for pair in line.split()], float) for line in POINTS.findall(drawing.svg))
    for line, row in zip(lines, image_rows(side), strict=True):
        recall, precision = (line[:, 0] - _LEFT) / (_RIGHT - _LEFT), (_BOTTOM - line[:, 1]) / (_BOTTOM - _TOP)
        assert abs(np.trapezoid(precision, recall)) == pytest.approx(row.figures["image_auprc"], abs=0.004)


@pytest.mark.parametrize("labels", [["good"] * 10, ["bad"] * 10, [None] * 10])
def test_without_both_kinds_only_agreement_is_told(tmp_path, labels):
    data = dataset(tmp_path / "data", labels)
    scores = np.linspace(0, 2, 10)
    side = align([contestant(run(tmp_path / m, data, s, m)) for m, s in (("a", scores), ("b", scores[::-1]))])
    assert not side.has_truth
    assert {row.figures["image_auroc"] for row in image_rows(side)} == {None}
    assert (curves(side, "pr"), costs(side, CostWeights(1, 1), 0.1)) == (None, None)
    assert disagreements(side)
    assert all("auroc" not in pair.tests for pair in image_pairs(side))
    assert random_row(side).figures["image_auroc"] is None


def test_what_does_not_compare_is_refused_in_a_sentence(tmp_path):
    data = dataset(tmp_path / "data", LABELS)
    first = contestant(run(tmp_path / "a", data, SHARP, "a"))
    other = dataset(tmp_path / "other", LABELS[:-1])
    with pytest.raises(UserError, match="needs two models"):
        checked([first])
    with pytest.raises(UserError, match="different datasets"):
        checked([first, contestant(run(tmp_path / "b", other, SHARP[:-1], "b"))])
    with pytest.raises(UserError, match="there twice"):
        checked([first, first])
    learned = run(tmp_path / "d", data, BLUNT, "d", roles=dict.fromkeys((item.name for item in data.items), "fit"))
    with pytest.raises(UserError, match="No image was judged by all"):
        align([first, contestant(learned)])
    (tmp_path / "d" / "scores.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match="damaged"):
        align([first, contestant(learned)])


def test_a_broken_promise_is_told(side):
    rows = image_rows(side)
    assert broken_promises(rows, 0.05) == []
    loud = replace(rows[0], figures=rows[0].figures | {"false_alarm_rate": 0.2}, ci95={"false_alarm_rate": (0.1, 0.3)})
    assert broken_promises([loud], 0.05) == [
        "model a calls 20.0\u00a0% of the good parts bad, 5.0\u00a0% were promised"
    ]


def test_a_cross_fitted_promise_is_told_as_such(side):
    assert "cross-fitted" not in protocol(side, 0.05)
    crossed = replace(side.contestants[1], calibration=replace(CALIBRATION, scheme="cross-fitted"))
    told = protocol(replace(side, contestants=(side.contestants[0], crossed)), 0.05)
    assert "only about that where it was cross-fitted: model b" in told


def test_models_of_one_name_are_told_apart_and_p_values_stand_for_a_missing_model(tmp_path):
    data = dataset(tmp_path / "data", LABELS)
    runs = [run(tmp_path / m, data, s, m) for m, s in (("aaaa1", SHARP), ("bbbb2", BLUNT))]
    same = checked([replace(contestant(one), name="tiles") for one in runs])
    assert [one.name for one in same] == ["tiles aaaa", "tiles bbbb"]
    bare = align(from_folders(runs, []))
    np.testing.assert_array_equal(bare.flagged(), align([contestant(one) for one in runs]).flagged())
    assert bare.contestants[0].model_bytes is None
    assert "nothing is called bad" in image_rows(bare, 0.001)[0].notes[0]
