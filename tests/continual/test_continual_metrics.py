"""Continual metrics against tables worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.continual.metrics import matrix as m
from core.continual.metrics import measure, report, with_severities
from core.continual.metrics.detection import Caf1, CriticalRecall, FalseAlarms, StreamAuroc, Swf1, caf1, swf1
from core.continual.metrics.latency import Dal, recovery
from core.continual.metrics.paired import corrected, interval, paired
from core.continual.metrics.retention import MeCritical, MeLift, MemoryBytes
from core.continual.metrics.risk import CriticalCvar, CriticalLoss, Cvar
from core.continual.types import MemoryRecord, MethodRun, Records, StepRecord
from core.errors import UserError

# Six items: two critical, one minor, three normal. Called: the first, the minor one and one normal.
LABEL = np.array([1, 1, 1, 0, 0, 0], bool)
SEVERITY = np.array([0.9, 0.7, 0.4, 0, 0, 0], np.float32)
SCORE = np.array([3, 1, 3, 3, 0, 0.5], np.float32)
CALLED = SCORE > 2


def record(
    kind: Any = "probe", *, step: int = 0, task: int = 0, about: int = 0, score: Any = SCORE, label: Any = LABEL,
    severity: Any = SEVERITY, threshold: float = 2.0, probability: Any = None,
) -> StepRecord:  # fmt: skip
    score = np.asarray(score, np.float32)
    fault = np.where(label, np.arange(len(label)) % 3 + 1, 0).astype(np.int16)
    chance = score / 4 if probability is None else np.asarray(probability, np.float32)
    return StepRecord(
        kind, step, task, about, np.arange(len(label)), np.asarray(label, bool), fault,
        np.asarray(severity, np.float32), score, chance, threshold,
    )  # fmt: skip


def run(
    steps: Sequence[StepRecord], memory: Sequence[MemoryRecord] = (), method: str = "er", seed: int = 0
) -> MethodRun:
    return MethodRun(method, seed, tuple(steps), tuple(memory), 1.0, 100.0)


def test_caf1_by_hand() -> None:
    """One of two critical ones, one false alarm: 2 / (2 + 1 + 1). The minor anomaly that was called counts nothing."""
    assert caf1(LABEL, SEVERITY, CALLED) == 0.5
    assert caf1(LABEL, SEVERITY, CALLED & (np.arange(6) != 2)) == 0.5
    assert caf1(LABEL & (SEVERITY < 0.5), SEVERITY, CALLED) is None, "no critical anomalies: not 0"
    assert swf1(LABEL, SEVERITY, CALLED) == pytest.approx(2 * 1.3 / (2 * 1.3 + 0.7 + 2 / 3))


@given(st.integers(1, 40), st.integers(1, 200), st.integers(0, 20))
def test_always_alarm_has_the_caf1_of_its_prevalence(critical: int, normal: int, minor: int) -> None:
    label = np.array([True] * (critical + minor) + [False] * normal)
    severity = np.array([0.8] * critical + [0.3] * minor + [0.0] * normal, np.float32)
    share = critical / (critical + normal)
    found = caf1(label, severity, np.ones(len(label), bool))
    assert found == pytest.approx(2 * share / (1 + share))
    assert found < 1.0, "without the normals, always-alarm would be perfect"
    assert caf1(label, severity, np.zeros(len(label), bool)) == 0.0
    assert caf1(label, severity, label) == 1.0


def test_figures_are_of_the_probes_after_the_last_task_pooled() -> None:
    worse = record(score=np.zeros(6))
    course = run([replace(worse, task=-1), worse, replace(record(), task=1), replace(record(), task=1, about=1)])
    assert measure(Caf1(), course).value == 0.5 and measure(Caf1(), course).n == 4
    assert measure(CriticalRecall(), course).value == 0.5
    assert measure(FalseAlarms(), course).value == pytest.approx(1 / 3)
    assert measure(Swf1(), course).value == pytest.approx(swf1(LABEL, SEVERITY, CALLED))
    assert measure(Caf1(), run([])).value is None


def test_each_record_is_judged_at_its_own_threshold() -> None:
    course = run([record(), record(about=1, threshold=10.0)])
    assert measure(Caf1(), course).value == pytest.approx(2 / (2 + 3 + 1))


def test_auroc_of_the_stream_compares_within_tasks() -> None:
    first = record("stream", score=[2, 2, 2, 1, 1, 1])
    second = replace(record("stream", score=[12, 12, 12, 11, 11, 11]), task=1)
    assert measure(StreamAuroc(), run([first, second])).value == 1.0


MATRIX = np.array([[0.9, 0.5, 0.6], [0.8, 0.9, 0.5], [0.6, 0.7, 0.8]])


def test_figures_of_a_task_matrix_by_hand() -> None:
    assert m.acc(MATRIX) == pytest.approx(0.7)
    assert m.average_acc(MATRIX) == pytest.approx((0.9 + 0.85 + 0.7) / 3)
    assert m.bwt(MATRIX) == pytest.approx((-0.3 - 0.2) / 2)
    assert m.fm(MATRIX) == pytest.approx((0.3 + 0.2) / 2)
    assert m.fwt(MATRIX, np.array([0.5, 0.5, 0.5])) == pytest.approx((0.0 + 0.0) / 2)
    assert m.fwt(MATRIX, np.array([0.5, 0.4, 0.3])) == pytest.approx(0.15)
    one = np.array([[0.9]])
    assert m.acc(one) == 0.9 and np.isnan(m.fm(one)) and np.isnan(m.bwt(one)) and np.isnan(m.fwt(one, np.ones(1)))


def test_forgetting_looks_at_the_best_since_the_task_was_learned() -> None:
    matrix = np.array([[0.7, 0.9], [0.8, 0.6]])
    assert m.fm(matrix) == pytest.approx(-0.1), "better than ever: negative forgetting; 0.9 was before it was learned"
    assert m.bwt(matrix) == pytest.approx(0.1)


def test_the_matrix_comes_from_records() -> None:
    """AUROC 1, 0 and 0.5 by three orders of the same items."""
    right, wrong, flat = (np.where(LABEL, 1, 0), np.where(LABEL, 0, 1), np.zeros(6))
    steps = [
        record(step=-1, task=-1, about=0, score=flat), record(step=-1, task=-1, about=1, score=flat),
        record(task=0, about=0, score=right), record(task=0, about=1, score=wrong),
        record(task=1, about=0, score=flat), record(task=1, about=1, score=right),
    ]  # fmt: skip
    found = measure(m.TaskMatrix(), run(steps))
    assert found.detail["matrix"] == [[1.0, 0.0], [0.5, 1.0]] and found.value == 0.75
    assert measure(m.Fm(), run(steps)).value == 0.5 and measure(m.Bwt(), run(steps)).value == -0.5
    assert measure(m.Fwt(), run(steps)).value == -0.5
    assert measure(m.AverageAcc(), run(steps)).value == pytest.approx((1 + 0.75) / 2)
    assert measure(m.TaskMatrix(), run(steps[:3])).value is None


def looks(values: Sequence[float]) -> tuple[list[int], list[float]]:
    return list(range(0, 5 * len(values), 5)), list(values)


def test_recovery_is_sustained() -> None:
    """Before: 0.8, so 0.72 is to be reached. The single good look after the drift does not count."""
    steps, values = looks([0.8] * 10 + [0.3, 0.75, 0.4, 0.6, 0.73, 0.8, 0.8, 0.8])
    found = recovery(steps, values, 50)
    assert found is not None and found.steps == 20 and not found.censored and not found.never_dropped
    assert found.target == pytest.approx(0.72) and found.horizon == 35
    lost = sum(1 - one / 0.8 for one in (0.3, 0.75, 0.4, 0.6, 0.73))
    assert found.area == pytest.approx(5 * lost)


def test_recovery_may_be_censored_absent_or_undefined() -> None:
    never = recovery(*looks([0.8] * 10 + [0.3] * 6), 50)
    assert never is not None and never.censored and never.steps == never.horizon == 25
    untouched = recovery(*looks([0.8] * 10 + [0.79] * 6), 50)
    assert untouched is not None and untouched.never_dropped and untouched.steps == 0 and untouched.area > 0
    assert recovery(*looks([0.0] * 10 + [0.5] * 6), 50) is None, "nothing to lose"
    assert recovery(*looks([0.8] * 5), 50) is None
    higher = recovery(*looks([0.2] * 10 + [0.3, 0.3, 0.8, 0.8, 0.8]), 50, usual=0.8)
    assert higher is not None and (higher.steps, higher.never_dropped) == (10.0, False), "another method's level"
    two = recovery(*looks([0.8] * 10 + [0.3, 0.3, 0.3, 0.3, 0.8, 0.8]), 50)
    assert two is not None and two.censored, "two good looks are not three"


def test_a_peak_before_the_onset_is_not_what_must_be_reached() -> None:
    found = recovery(*looks([0.8] * 9 + [1.0] + [0.5] * 2 + [0.75] * 4), 50)
    assert found is not None and not found.censored and found.steps == 10


def test_dal_over_records() -> None:
    good, bad = SCORE.copy(), np.array([0, 0, 0, 3, 3, 3], np.float32)
    course = [record("drifted", step=5 * k, score=bad if 10 <= k < 14 else good) for k in range(20)]
    found = measure(Dal([50]), run(course))
    assert found.value == 20 and found.n == 1 and found.detail["censored"] == 0
    assert found.detail["area_lost"] == pytest.approx(4 * 5)
    assert measure(Dal([500]), run(course)).note == "no drift came"
    never = [record("drifted", step=5 * k, score=bad) for k in range(20)]
    assert "nothing could be lost" in measure(Dal([50]), run(never)).note
    assert measure(Dal([50], "auroc"), run(course)).value == 20


def test_cvar_states_its_population() -> None:
    n = 40
    label = np.arange(n) < 20
    severity = np.where(label, np.linspace(0.5, 1.0, n), 0.0)
    probability = np.full(n, 0.25)
    course = run([record(label=label, severity=severity, score=np.zeros(n), probability=probability)])
    mean_severity = float(np.float32(severity[label]).mean())
    losses = np.sort(np.concatenate([0.75 * severity[label], np.full(20, 0.25 * mean_severity)]))[::-1]
    found = measure(Cvar(), course)
    assert found.detail["population"] == "all" and found.n == n
    assert found.value == pytest.approx(losses[:2].mean(), abs=1e-6)
    assert found.detail["mean"] == pytest.approx(losses.mean(), abs=1e-6)
    assert list(found.detail["curve"]) == ["0.5", "0.8", "0.9", "0.95"]
    assert found.detail["curve"]["0.5"] == pytest.approx(losses[:20].mean(), abs=1e-6)
    critical = severity[severity >= 0.7]
    assert measure(CriticalCvar(), course).value is None, "fewer than 20: no tail"
    assert measure(CriticalLoss(), course).value == pytest.approx(0.75 * critical.mean(), abs=1e-6)
    assert measure(CriticalLoss(), course).n == len(critical)
    assert measure(Cvar(cost=4.0), course).value == pytest.approx(1.0, abs=1e-6)


def memory(severities: Sequence[float], step: int = 0) -> MemoryRecord:
    n = len(severities)
    found = np.asarray(severities, np.float32)
    return MemoryRecord(
        step,
        np.arange(n),
        (found > 0).astype(np.int16),
        found,
        np.full(n, np.nan, np.float32),
        np.zeros(n, np.int8),
        10 * n,
    )


def test_what_the_memory_is_spent_on() -> None:
    course = run([record("stream")], [memory([0] * 9 + [0.9]), memory([0.9, 0.9, 0.3, 0])])
    assert measure(MeCritical(), course).value == 0.5
    assert measure(MeLift(), course).value == pytest.approx(0.5 / (2 / 6))
    assert measure(MemoryBytes(), course).value == 40
    assert measure(MeCritical(), run([record("stream")])).value is None
    assert measure(MeLift(), run([record("stream")], [memory([])])).value is None


def test_paired_comparison() -> None:
    theirs = np.linspace(0.4, 0.5, 10)
    ours = theirs + 0.05 + 0.01 * np.cos(np.arange(10))
    found = paired("caf1", ("a", "b"), (ours.tolist(), theirs.tolist()), higher_is_better=True)
    assert found.wins == 10 and found.losses == 0 and found.n == 10
    assert found.difference.low is not None and found.difference.low > 0.03
    assert found.relative is not None and found.relative.mean == pytest.approx(ours.mean() / theirs.mean() - 1)
    assert found.p == pytest.approx(2 / 2**10)
    lower = paired("fm", ("a", "b"), (ours.tolist(), theirs.tolist()), higher_is_better=False)
    assert lower.losses == 10
    few = paired("caf1", ("a", "b"), ([1.0, 2.0], [0.5, 1.0]), higher_is_better=True)
    assert few.p is None and few.difference.mean == 0.75
    same = paired("caf1", ("a", "b"), ([1.0] * 8, [1.0] * 8), higher_is_better=True)
    assert same.p == 1.0 and same.ties == 8 and same.difference.low == 0.0
    with pytest.raises(ValueError, match="same seeds"):
        paired("caf1", ("a", "b"), ([1.0], [1.0, 2.0]), higher_is_better=True)
    assert interval([0.5]).low is None


def test_holm_is_over_a_metric_and_its_baseline() -> None:
    one = paired("caf1", ("a", "er"), ([1.0] * 7, [0.5] * 7), higher_is_better=True)
    family = [replace(one, p=p) for p in (0.01, 0.04, 0.03)] + [replace(one, p=0.04, metric="acc")]
    assert [each.p_holm for each in corrected(family)] == pytest.approx([0.03, 0.06, 0.06, 0.04])


def records(severities: tuple[float, ...] = (0.0, 0.9, 0.7, 0.4)) -> Records:
    """Three methods on seven seeds: fine-tuning has AUROC 0.5, ER between, joint 1."""
    table = np.array(severities, np.float32)
    runs = []
    for seed in range(7):
        generator = np.random.default_rng(seed)
        for method, clear in (("finetune", 0.0), ("er", 1.0 + 0.1 * seed), ("joint", 9.0)):
            steps = []
            for task in (-1, 0):
                label = np.arange(60) < 24
                score = generator.standard_normal(60) + clear * label * (task + 1)
                base = record(
                    task=task, label=label, severity=np.zeros(60), score=score, probability=1 / (1 + np.exp(-score))
                )
                steps.append(replace(base, severity=table[base.fault], threshold=1.6))
            runs.append(run([*steps, replace(steps[-1], kind="stream")], [memory([0, 0.9])], method, seed))
    return Records("plant", "c", "s", ("only",), (), ("normal", "crack", "leak", "stain"), severities, tuple(runs))


def test_a_report_has_intervals_comparisons_and_the_share_of_the_way_to_joint() -> None:
    found = report(records(), resamples=200)
    assert found.seeds == tuple(range(7))
    means = {method: found.intervals[method]["acc"].mean for method in found.figures}
    assert means["finetune"] < means["er"] < means["joint"]
    assert found.intervals["joint"]["me_perf"].mean == 1.0 and found.intervals["finetune"]["me_perf"].mean == 0.0
    against = {(one.method, one.metric): one for one in found.comparisons}
    assert against["joint", "acc"].wins == 7 and against["joint", "acc"].p == pytest.approx(2 / 2**7)
    assert against["joint", "acc"].p_holm == pytest.approx(4 / 2**7), "two comparisons in the family"
    assert against["joint", "critical_loss"].wins == 7, "lower is better there"
    assert ("er", "acc") not in against
    document = found.to_json()
    assert document["methods"]["er"]["dal"]["mean"] is None and document["methods"]["er"]["dal"]["ci95"] is None
    assert np.shape(document["matrix"]["er"]) == (1, 1)
    assert set(document["alpha_curve"]["joint"]) == {"0.5", "0.8", "0.9", "0.95"}


def test_other_severities_change_the_figures_and_nothing_else() -> None:
    whole = records()
    milder = with_severities(whole, {"crack": 0.2, "leak": 0.2, "stain": 0.9})
    assert milder.severities == pytest.approx((0, 0.2, 0.2, 0.9))
    before, after = (measure(Caf1(), one.runs[1]) for one in (whole, milder))
    assert before.n == 16 and after.n == 8 and before.value != after.value
    assert milder.runs[1].steps[0].score is whole.runs[1].steps[0].score
    back = with_severities(milder, {"crack": 0.9, "leak": 0.7, "stain": 0.4})
    assert measure(Caf1(), back.runs[1]) == before
    with pytest.raises(UserError, match="no severity for «stain»"):
        with_severities(whole, {"crack": 0.2, "leak": 0.2})


def test_a_metric_can_be_used_again() -> None:
    metric = Caf1()
    first = measure(metric, run([record()]))
    assert measure(metric, run([record()])) == first
