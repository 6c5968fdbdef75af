"""Recordings side by side, from tables of scores written by hand."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.compare.contestants import Contestant, checked
from core.compare.export import series_zip
from core.compare.figures import with_study
from core.compare.sentences import broken_promises, difference, series_protocol, verdicts
from core.compare.seriesbyside import align_series
from core.compare.seriescurves import common, count_limits, limit_curves, series_costs, worst
from core.compare.seriesfigures import baseline_rows, events_found, moments, series_agreement, series_pairs, series_rows
from core.compare.seriesgroups import event_kinds, recall_by_kind, recall_by_length, recall_by_machine
from core.compare.seriesreport import Chosen
from core.compare.seriesstudy import study_series
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.errors import UserError
from core.metrics.cost import CostWeights
from core.metrics.ranking import auroc
from core.metrics.series.callouts import HOLD
from core.store.comparison import write_comparison
from core.store.seriesrun import FORMAT, SeriesRun

N, EVENTS = 600, ((150, 180), (400, 430))
LIMIT = 3.0  # surprise of the usual rate


def surprise(seed, heights):
    """Noise below the limit, raised in each event to its height."""
    found = np.random.default_rng(seed).uniform(0, 2, N)
    for (start, stop), height in zip(EVENTS, heights, strict=True):
        found[start:stop] += height
    return found


def run(folder, model, units, *, roles=None, times=None, labelled=True):
    """``units`` by name, each an (n,) surprise; scores are twice as high."""
    folder.mkdir()
    frames = []
    for name, values in units.items():
        labels = np.zeros(len(values), bool)
        for start, stop in EVENTS:
            labels[start:stop] = True
        frames.append(
            pd.DataFrame(
                {
                    "unit": name, "machine": "m", "split": "test", "step": np.arange(len(values)),
                    "time": np.arange(len(values), dtype=float) if times is None else times,
                    "label": labels if labelled else None, "now": 2 * values, "settled": 2 * values,
                    "surprise_now": values, "surprise_settled": values, "role": (roles or {}).get(name, "unseen"),
                }
            )
        )  # fmt: skip
    pd.concat(frames).to_parquet(folder / "scores.parquet", index=False)
    about = {
        "format": FORMAT, "model_id": model, "model_name": f"model {model}", "detector": "kalman", "dataset_id": "d",
        "dataset_name": "pumps", "units": list(units), "lengths": [len(own) for own in units.values()],
        "sensors": ["flow"], "n_steps": N, "seconds": 1.0, "us_per_step": 5.0, "fit_seconds": 1.0,
        "peak_rss_mib": 90.0, "created_at": 0.0,
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(about))
    found = SeriesRun(folder)
    return Contestant(found, found.info.model_name)


def kinds_of(*names):
    """The dataset of these recordings: a leak, then a jam."""
    events = tuple(Event(start, stop, (), kind) for (start, stop), kind in zip(EVENTS, ("leak", "jam"), strict=True))
    values, time = np.zeros((N, 1), np.float32), np.arange(N, dtype=float)
    units = tuple(SeriesUnit(name, "m", "test", values, time, events) for name in names)
    return SeriesSet("pumps", Path("pumps"), "own", (Sensor("flow"),), units)


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    sharp = run(folder / "a", "a", {"u": surprise(0, (4, 4))})
    blunt = run(folder / "b", "b", {"u": surprise(1, (4, 0))})
    return align_series(checked([sharp, blunt]))


def test_events_found_tell_the_pair_apart_but_not_for_sure(side):
    assert [(start, stop) for _, start, stop in side.events] == list(EVENTS)
    np.testing.assert_array_equal(events_found(side), [[True, True], [True, False]])
    (pair,) = series_pairs(side)
    assert (pair.only_first, pair.only_second) == ({"events": 1}, {"events": 0})
    assert pair.tests["events"].p == 1
    assert verdicts(pair, side.names).startswith("No difference between the events that model a and model b find")
    rows = series_rows(side)
    assert [row.figures["events_found"] for row in rows] == [1.0, 0.5]
    assert [row.figures["far"] for row in rows] == [0, 0]
    assert broken_promises(rows, 0.001) == []
    loud = broken_promises(series_rows(side, rate=0.1), 0.1)
    assert len(loud) == 2  # uniform noise up to 2: half of the steps lie above a surprise of 1
    assert "10.00\u00a0% were promised" in loud[0]
    assert rows[0].figures["vus_pr"] is None  # no evaluation was stored
    assert "no evaluation was stored" in rows[0].notes[0]


def test_the_moment_of_disagreement_is_the_missed_event(side):
    (moment,) = moments(side)
    assert (moment.unit, moment.alarmed, moment.anomalous) == ("u", (True, False), 1.0)
    assert EVENTS[1][0] <= moment.start <= moment.peak < moment.stop <= EVENTS[1][1]
    assert moment.spread == pytest.approx(np.ptp(moment.surprise))
    found = series_agreement(side)
    assert found.same[0, 1] == pytest.approx((side.alarms()[0] == side.alarms()[1]).mean())


def test_a_stored_evaluation_of_the_same_steps_is_shown(side):
    stored = {"per_machine": {"m": {"n_steps": N}}, "rate": 0.001, "vus_pr": 0.9, "f1": 0.7, "mar": None}
    stored |= {"ci95": {"vus_pr": [0.8, 0.95]}, "baselines": {"random": {"vus_pr": 0.2, "f1": 0.1}}}
    first = side.contestants[0]
    with_figures = align_series([Contestant(first.run, first.name, evaluation=stored), side.contestants[1]])
    row = series_rows(with_figures)[0]
    assert (row.figures["vus_pr"], row.ci95["vus_pr"], row.notes) == (0.9, (0.8, 0.95), ())
    assert [(one.name, one.figures["vus_pr"]) for one in baseline_rows(with_figures)] == [("Guessing", 0.2)]
    assert baseline_rows(side) == []
    assert row.figures["f1"] == 0.7 and baseline_rows(with_figures)[0].figures["f1"] == 0.1
    # At another limit the ranking is the same; of another score nothing is.
    other = series_rows(with_figures, rate=0.01)[0]
    assert (other.figures["vus_pr"], other.figures["f1"]) == (0.9, 1.0)  # counted anew: 2 + 4 lies above every limit
    assert "f1" not in other.ci95 and "vus_pr" in other.ci95
    assert baseline_rows(with_figures, 0.01)[0].figures["f1"] is None
    stored["per_machine"]["m"]["n_steps"] = N - 1
    assert "other steps" in series_rows(with_figures)[0].notes[0]
    stored["per_machine"]["m"]["n_steps"] = N
    told = replace(with_figures, surprise=side.surprise | {"now": side.surprise["settled"] / 2})
    early = series_rows(told, "now")[0]
    assert early.figures["vus_pr"] is None and early.ci95.keys() == {"events_found"}
    assert "before figures of «now» were stored" in early.notes[0]
    stored["now"] = {"vus_pr": 0.6, "auc_pr": None}
    early = series_rows(told, "now")[0]
    assert (early.figures["vus_pr"], early.figures["auc_pr"], early.notes) == (0.6, None, ())


def test_the_study_measures_both_on_the_same_resamples(side, tmp_path):
    info, items, limits = study_series(side, resamples=15)
    assert info.figures["settled.auc_roc"]["a"] == pytest.approx(auroc(side.scores(0, "settled"), side.anomalous))
    (pair,) = info.differences["settled.vus_pr"]
    assert pair.value > 0.1
    assert pair.ci95[0] <= pair.value <= pair.ci95[1]
    assert info.figures["now.vus_pr"] == info.figures["settled.vus_pr"]
    assert list(items["item"]) == ["u"]
    rows = with_study(series_rows(side), info, "settled")
    assert rows[1].figures["vus_pr"] == info.figures["settled.vus_pr"]["b"]
    names = {"a": "A", "b": "B"}
    sure = pair.model_copy(update={"p_holm": 0.01})
    assert difference(sure, "settled.vus_pr", names, "600 steps").startswith("A is better than B in VUS-PR (settled)")

    study = write_comparison(tmp_path / "study", info, items, limits)
    chosen = Chosen(weights=CostWeights(100, 5))
    archive = zipfile.ZipFile(io.BytesIO(series_zip(side, kinds_of("u"), chosen, study)))
    page = archive.read("report.html").decode()
    assert "VUS-PR against model a" in page
    assert "Steps 400 to" in page
    assert "Recall by kind of event" in page and "leak (1)" in page
    assert "Found against false call-outs" in page and "A missed anomaly costs 100" in page
    counted = pd.read_csv(io.BytesIO(archive.read("limits.csv")))
    assert set(counted["model"]) == {"a", "b"} and set(counted["mode"]) == {"now", "settled"}
    assert "model b: ✓ quiet" in page
    steps = pd.read_parquet(io.BytesIO(archive.read("steps.parquet")))
    assert (len(steps), int(steps["anomalous"].sum())) == (N, 60)
    assert len(pd.read_csv(io.BytesIO(archive.read("moments.csv")))) == 1


def test_recordings_that_do_not_match_are_left_out_with_the_reason(tmp_path):
    whole = {name: surprise(k, (4, 4)) for k, name in enumerate("uvwx")}
    first = run(tmp_path / "a", "a", whole, roles={"w": "fit"})
    second = run(tmp_path / "b", "b", {"u": whole["u"], "v": whole["v"][:-1], "w": whole["w"]})
    side = align_series([first, second])
    assert [unit.name for unit in side.units] == ["u"]
    assert [(one.n, one.reason) for one in side.left_out] == [
        (1, "not scored by every model"),
        (1, "cut into other steps by some models"),
        (1, "model a was fitted or calibrated on them"),
    ]
    assert "left out: 1 (cut into other steps" in series_protocol(side, 0.001)


def test_what_was_kept_for_training_does_not_stand_in_for_tests(tmp_path):
    first = run(tmp_path / "a", "a", {"u": surprise(0, (4, 4)), "v": surprise(1, (4, 4))})
    second = run(tmp_path / "b", "b", {"v": surprise(2, (4, 4))})
    for one in (first, second):
        rows = one.run.scores()
        rows.loc[rows["unit"] == "v", "split"] = "train"
        rows.to_parquet(one.run.folder / "scores.parquet", index=False)
    with pytest.raises(UserError, match="No recording was judged by all"):
        align_series([first, second])


def test_nothing_in_common_and_damaged_tables_are_refused(tmp_path):
    first, second = (run(tmp_path / m, m, {f"u{m}": surprise(0, (4, 4))}) for m in "ab")
    with pytest.raises(UserError, match="No recording was judged by all"):
        align_series([first, second])
    (tmp_path / "b" / "scores.parquet").write_bytes(b"")
    with pytest.raises(UserError, match="damaged"):
        align_series([first, second])


def test_without_labels_only_disagreement_is_told(tmp_path):
    pair = [
        run(tmp_path / m, m, {"u": surprise(0, heights)}, labelled=False)
        for m, heights in (("a", (4, 0)), ("b", (0, 0)))
    ]
    side = align_series(pair)
    assert not side.has_truth
    assert series_pairs(side)[0].tests == {}
    assert moments(side)[0].anomalous is None
    info, _, limits = study_series(side, resamples=5)
    assert limits.empty
    assert info.figures["now.vus_pr"] == {"a": None, "b": None}
    page = zipfile.ZipFile(io.BytesIO(series_zip(side, kinds_of("u"), Chosen()))).read("report.html").decode()
    assert "only where they disagree" in page


def test_every_limit_is_counted_as_if_it_had_been_set(side):
    counted = count_limits(side, "settled", 0.005)
    sharp, blunt = limit_curves(counted, "settled", ["a", "b"])
    assert limit_curves(counted, "now", ["a", "b"]) == []
    for rate in (0.001, 0.005):
        alarms, at = side.alarms(rate=rate), blunt.at(rate)
        assert blunt.hits[at] == (alarms[1] & side.anomalous).sum()
        assert blunt.false_steps[at] == (alarms[1] & ~side.anomalous).sum()
        assert blunt.events[at] == events_found(side, rate=rate)[1].sum()
    assert sharp.at(0.5) is None
    # The lowest limit alarms everywhere: somebody is called out every HOLD steps, and most of it is for nothing.
    assert (sharp.hits[0], sharp.false_steps[0], sharp.found[0], sharp.recall[0]) == (60, N - 60, 1, 1)
    assert 0 < sharp.false_calls[0] < N / HOLD
    at = sharp.at(0.001)
    assert (sharp.found[at], sharp.calls[at], sharp.precision[at]) == (1, 0, 1)
    assert np.isnan(sharp.precision[-1])  # nothing lies above the highest surprise


def test_costs_are_those_of_misses_and_of_call_outs(side):
    curves, weights = limit_curves(count_limits(side, "settled", 0.001), "settled", ["a", "b"]), CostWeights(100, 5)
    assert common(side) == pytest.approx(2 * 10_000 / N)
    sharp, blunt = series_costs(curves, weights, 4, 0.001)
    assert sharp.at_limit == 0
    # Half of four anomalies is missed at 100 each, and nobody is called out for nothing.
    assert blunt.at_limit * worst(weights, 4) == pytest.approx(200)
    assert blunt.curve.accept_all * worst(weights, 4) == pytest.approx(400)
    calls = curves[1].false_calls[0] * 10_000 / (N - 60)
    assert blunt.curve.reject_all * worst(weights, 4) == pytest.approx(5 * calls)
    assert blunt.curve.cost[blunt.curve.hindsight] == blunt.curve.cost.min()
    assert series_costs(curves, weights, 4, 0.3) is None  # a limit that was not counted
    with pytest.raises(UserError, match="cannot be"):
        series_costs(curves, weights, -1, 0.001)


def test_recall_is_told_by_kind_and_length(side, tmp_path):
    kinds = event_kinds(side, kinds_of("u"))
    assert kinds == ("leak", "jam")
    assert [(one.name, one.n, one.found) for one in recall_by_kind(side, kinds)] == [
        ("jam", 1, (1, 0)),
        ("leak", 1, (1, 1)),
    ]
    assert recall_by_kind(side, ("unnamed", "unnamed")) == []
    assert [(one.name, one.n, one.recall) for one in recall_by_length(side)] == [("10 to 99 steps", 2, (1.0, 0.5))]
    assert recall_by_machine(side) == []  # there is one
