"""The object behind ``evaluate --json`` for recordings."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.compare.series import ScoredUnit, evaluate_series
from core.datasets.series import Event
from core.errors import Cancelled
from core.metrics.series.stretches import Policy
from core.progress import Progress

RATE = 0.01


def labelled(name: str, lift: float = 4.0, n: int = 1500, machine: str | None = None) -> ScoredUnit:
    """Three events of 40 steps on which the score rises, and with it the parts of sensors 1 and 3."""
    rng = np.random.default_rng(len(name) + n)
    events = tuple(Event(start, start + 40, (1, 3)) for start in (300, 700, 1100))
    scores = rng.normal(size=n)
    parts = np.abs(rng.normal(size=(n, 5))).astype(np.float32)
    for event in events:
        scores[event.start : event.stop] += lift
        parts[event.start : event.stop, [1, 3]] += lift
    return ScoredUnit(name, machine or name, scores, 2.33, events, parts, parts, time=np.arange(n) * 10.0)


def to_failure(name: str, rise: float = 6.0) -> ScoredUnit:
    n = 200
    scores = np.random.default_rng(len(name)).normal(size=n) + np.clip(np.arange(n) - 120, 0, None) * rise / 80
    return ScoredUnit(name, name, scores, 3.5, healthy=100, failed=True, time=np.arange(n) * 2.0)


def test_figures_of_labelled_machines() -> None:
    units = [labelled("a"), labelled("bb", lift=3.0)]
    found = evaluate_series(units, rate=RATE, bootstrap=30, us_per_step=1.5)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for name in ("vus_pr", "vus_roc", "auc_pr", "auc_roc", "f1", "event_f1", "overlap_f1", "affiliation_f1", "mar"):
        assert 0 < found[name] < 1.0001
        low, high = found["ci95"][name]
        assert low <= found[name] <= high
        guess = found["baselines"]["random"][name]
        assert guess > found[name] if name == "mar" else guess < found[name]
    assert found["f1"] <= found["f1_best"]
    assert found["far"] == pytest.approx(0.01, abs=0.01)
    assert found["threshold"] == 2.33
    assert (found["hitrate_100"], found["top1"]) == (1, 1)
    assert found["root_cause"]["n_events"] == found["n_events"] == 6
    assert found["delay_median"] == 0 and found["events_missed"] == 0
    assert found["score_us_per_step"] == 1.5
    assert found["run_to_failure"] is None
    assert "2 labelled recordings of 2 machines" in found["protocol"]


def test_macro_and_pooled() -> None:
    units = [labelled("a"), labelled("bb", lift=2.0)]
    found = evaluate_series(units, rate=RATE, bootstrap=0)
    alone = [evaluate_series([unit], rate=RATE, bootstrap=0) for unit in units]
    for name in ("vus_pr", "auc_roc", "f1", "event_f1", "affiliation_f1"):
        assert found[name] == pytest.approx(np.mean([one[name] for one in alone]))
        assert found["per_machine"]["a"][name] == alone[0][name]
    normal = 1500 - 120
    assert found["far"] == pytest.approx(sum(one["far"] * normal for one in alone) / (2 * normal))
    assert found["ci95"] == {} and "resamples" not in found["protocol"]


def test_recordings_of_one_machine_are_joined() -> None:
    two = [labelled("a", machine="m"), labelled("bb", machine="m")]
    found = evaluate_series(two, rate=RATE, bootstrap=0)
    assert list(found["per_machine"]) == ["m"]
    assert found["per_machine"]["m"]["n_steps"] == 3000


def test_abs_z_row() -> None:
    found = evaluate_series([labelled("a")], rate=RATE, bootstrap=0)["baselines"]["abs_z"]
    assert found["vus_pr"] > 0.8 and found["hitrate_100"] == 1 and found["f1_best"] > 0.9
    assert found["f1"] is None and found["far"] is None
    bare = evaluate_series([replace(labelled("a"), abs_z=None)], rate=RATE, bootstrap=0)["baselines"]["abs_z"]
    assert all(value is None for name, value in bare.items() if name != "root_cause")


def test_random_row_guesses() -> None:
    found = evaluate_series([labelled("a")], rate=RATE, bootstrap=0)["baselines"]["random"]
    assert found["far"] == pytest.approx(RATE, abs=0.006)
    assert found["auc_roc"] == pytest.approx(0.5, abs=0.06)
    assert found["hitrate_100"] == pytest.approx(2 / 5) and found["hitrate_150"] == pytest.approx(3 / 5)


def test_what_the_data_cannot_give_is_none() -> None:
    whole = labelled("a")
    unlabelled = evaluate_series([replace(whole, events=None)], rate=RATE, bootstrap=5)
    assert unlabelled["vus_pr"] is None and unlabelled["far"] is None and unlabelled["n_events"] == 0
    assert unlabelled["per_machine"] == {} and unlabelled["ci95"] == {}
    normal = evaluate_series([replace(whole, events=())], rate=RATE, bootstrap=5)
    assert normal["vus_pr"] is None and normal["f1"] is None and normal["mar"] is None
    assert normal["far"] is not None and "far" in normal["ci95"]
    culprits = evaluate_series(
        [replace(whole, events=tuple(replace(event, sensors=()) for event in whole.events or ()))],
        rate=RATE,
        bootstrap=5,
    )
    assert culprits["hitrate_100"] is None and culprits["baselines"]["random"]["hitrate_100"] is None
    assert evaluate_series([], rate=RATE)["vus_pr"] is None


def test_a_threshold_that_cannot_be_promised() -> None:
    found = evaluate_series([replace(labelled("a"), threshold=np.inf)], rate=RATE, bootstrap=0)
    assert found["threshold"] is None and found["f1"] == 0 and found["far"] == 0
    assert "too few to promise" in found["protocol"]
    assert json.dumps(found, allow_nan=False)


def test_thresholds_that_move_and_warm_up() -> None:
    unit = labelled("a")
    moving = replace(unit, threshold=np.where(np.arange(1500) < 750, 100.0, -100.0))
    found = evaluate_series([moving], rate=RATE, bootstrap=0)
    assert found["threshold"] is None
    assert found["events_missed"] == pytest.approx(2 / 3)
    quiet = evaluate_series([replace(moving, warmup=1500)], rate=RATE, bootstrap=0)
    assert quiet["far"] == 0 and quiet["events_missed"] == 1


def test_policy_is_one_for_all_figures() -> None:
    single, triple = (
        evaluate_series([labelled("a")], rate=RATE, bootstrap=0, policy=Policy(consecutive=k)) for k in (1, 3)
    )
    assert triple["far"] < single["far"]
    assert triple["delay_median"] >= 2
    assert "step 3 in a row" in triple["protocol"]


def test_runs_to_failure() -> None:
    units = [to_failure("a"), to_failure("bb"), to_failure("ccc", rise=0.0)]
    found = evaluate_series(units, rate=1e-3, bootstrap=50)
    life = found["run_to_failure"]
    assert life["n_units"] == 3 and life["detected"] == pytest.approx(2 / 3)
    assert life["units"]["ccc"] is None
    assert len(life["lead_times"]) == 2 and 0 < life["lead_median"] < 160
    assert life["n_healthy_steps"] == 300
    assert found["baselines"]["random"]["detected"] == life["random_detected"]
    assert found["f1"] is None
    assert "runs to failure" in found["protocol"]
    assert json.dumps(found, allow_nan=False)


def test_seed_decides() -> None:
    units = [labelled("a")]
    assert evaluate_series(units, rate=RATE, bootstrap=10, seed=3) == evaluate_series(
        units, rate=RATE, bootstrap=10, seed=3
    )


def test_can_be_stopped() -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        evaluate_series([labelled("a")], rate=RATE, progress=Progress(checkpoint=stop))


def test_alarm_before_the_labelled_onset_is_no_early_warning() -> None:
    scores = np.zeros(200)
    scores[20:22] = scores[160:] = 5.0
    unit = ScoredUnit("a", "a", scores, 1.0, (Event(100, 200, kind="wear"),), failed=True)
    lives = evaluate_series([unit], rate=RATE, bootstrap=0)["run_to_failure"]
    assert lives["lead_times"] == [39.0]  # from step 160 to the last one, not from step 20
    assert lives["far_healthy"] == pytest.approx(2 / 100)
