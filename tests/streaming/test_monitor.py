"""The monitor finds what a batch would find, whatever the speed and the cut, and its memory stays as it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import toy_series as toys
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.datasets.series import Event
from core.errors import UserError
from core.streaming.ensemble import combined
from core.streaming.monitor import MOST_UNITS, Monitor
from core.streaming.replay import Replay
from core.streaming.rule import Rule
from core.streaming.source import Batch
from core.streaming.watch import MOST_ALARMS, Scored

FAULTS = (Event(400, 440, (1,)), Event(455, 470, (1,)), Event(900, 930, (0, 2)))


def played(models, data, takes, rule=Rule()):  # noqa: B008
    """Everything that a monitor says of a replay which is taken so many steps at a time, over and over."""
    monitor, source = Monitor(models, rule), Replay(data)
    source.set_speed(math.inf, 0.0)
    scored, completed, index = [], [], 0
    while not source.exhausted:
        for batch in source.take(0.0, takes[index % len(takes)]):
            one, done = monitor.push(batch)
            scored.append(one)
            completed += [done] if done else []
        index += 1
    return scored, completed


def whole(scored: list[Scored], field: str) -> np.ndarray:
    return np.concatenate([getattr(one, field) for one in scored])


def closed(scored: list[Scored]) -> list[dict]:
    return [alarm.to_json() for one in scored for alarm in one.alarms if not alarm.open]


def test_a_replay_scores_what_a_batch_scores(models) -> None:
    unit = toys.recording(1, faults=FAULTS)
    scored, _ = played(models, toys.dataset(unit), [37])
    for k, (name, model) in enumerate(models.items()):
        once = model.score(model.prepared(toys.dataset(unit)).units[0])
        assert np.array_equal(whole(scored, "surprise")[:, k], once.now.surprise), name


@hypothesis_settings(max_examples=15)
@given(takes=st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_nothing_depends_on_the_cut(models, takes) -> None:
    data = toys.dataset(toys.recording(1, faults=FAULTS), toys.recording(2, 500, name="b"))
    reference, ended = played(models, data, [5000])
    found, done = played(models, data, takes)
    for field in ("surprise", "limits", "health", "time", "readings"):
        assert np.allclose(whole(found, field), whole(reference, field), atol=1e-9), field
    assert [alarm["key"] for alarm in closed(found)] == [alarm["key"] for alarm in closed(reference)]
    for one, other in zip(closed(found), closed(reference), strict=True):
        assert one["causes"] == other["causes"]
        assert one["peak"] == pytest.approx(other["peak"])
    assert [one.summary for one in done] == [one.summary for one in ended]
    assert [one.analysis["curve"] for one in done] == [one.analysis["curve"] for one in ended]


def test_alarms_tell_when_who_and_why(models) -> None:
    scored, _ = played(models, toys.dataset(toys.recording(1, faults=FAULTS)), [64])
    first, second = (alarm for alarm in closed(scored) if alarm["steps"] > 5)
    assert (first["start"], first["stop"]) == (400, 470), "15 quiet steps between them: one event"
    assert (second["start"], second["stop"]) == (900, 930)
    assert first["causes"][0]["sensor"] == "pressure"
    assert first["causes"][0]["share"] > 0.8
    assert first["causes"][0]["deviation"] == pytest.approx(6, abs=0.5)
    assert {cause["sensor"] for cause in second["causes"][:2]} == {"flow", "temperature"}
    assert set(first["detectors"]) == {"vae", "kalman", "arima"}
    assert all(
        sum(cause["share"] for cause in alarm["causes"]) == pytest.approx(1, abs=1e-3) for alarm in (first, second)
    )


def test_the_gap_decides_what_is_one_event(models) -> None:
    scored, _ = played(models, toys.dataset(toys.recording(1, faults=FAULTS)), [64], Rule(gap=5))
    assert [(a["start"], a["stop"]) for a in closed(scored) if a["steps"] > 5] == [(400, 440), (455, 470), (900, 930)]


def test_an_alarm_is_told_while_it_goes_on(models) -> None:
    monitor = Monitor(models)
    unit = toys.recording(1, faults=FAULTS)
    scored, _ = monitor.push(Batch("a", "pump", unit.time[:410], unit.values[:410]))
    assert [(alarm.start, alarm.open) for alarm in scored.alarms if alarm.start >= 400] == [(400, True)]
    status = monitor.status()[0]
    assert status["alarm"] == "a#400"
    assert status["causes"][0]["sensor"] == "pressure"


def test_a_failed_unit_has_its_lead_time(models) -> None:
    from dataclasses import replace

    unit = replace(toys.recording(3, 1000, faults=(Event(700, 1000, (2,)),)), failed=True)
    _, (done,) = played(models, toys.dataset(unit), [100], Rule(rate=1e-4))
    assert done.summary["lead_time"] == pytest.approx(299)
    assert done.summary["failed"]
    assert done.summary["health"] < 50 < 90 < done.analysis["curve"]["high"]["health"][0]
    assert done.summary["trend"] in ("falling", "steady")


def test_memory_does_not_grow(models) -> None:
    """Counts, not bytes: units, alarms, curve points and remembered causes are all bounded."""
    monitor = Monitor(models, Rule(gap=1))
    rng = np.random.default_rng(0)
    for index in range(3 * MOST_UNITS):
        monitor.push(Batch(f"u{index}", "pump", np.arange(5.0), rng.standard_normal((5, 3)).astype(np.float32)))
    assert len(monitor.status()) == MOST_UNITS
    spikes = rng.standard_normal((4000, 3)).astype(np.float32)
    spikes[::5] += 20
    monitor.push(Batch("long", "pump", np.arange(4000.0), spikes))
    _, done = monitor.push(Batch("long", "pump", np.arange(4000.0, 4001), spikes[:1], complete=True))
    assert done.summary["alarms"] >= 800
    assert len(done.analysis["alarms"]) == MOST_ALARMS
    assert done.analysis["alarms_left_out"] == done.summary["alarms"] - MOST_ALARMS
    assert all(len(points) <= 400 for points in done.analysis["curve"]["high"].values())


def test_models_of_other_sensors_and_unknown_names_are_refused(models) -> None:
    from dataclasses import replace

    other = replace(models["vae"], sensors=models["vae"].sensors[:2])
    with pytest.raises(UserError, match="watch different sensors"):
        Monitor({"vae": models["vae"], "other": other})
    with pytest.raises(UserError, match="no detector to judge"):
        Monitor({})
    with pytest.raises(UserError, match="no detector «usad»"):
        Monitor(models, Rule(decides="usad"))


def test_a_machine_that_no_model_knows_is_told_and_left_aside(models) -> None:
    from dataclasses import replace

    alone = replace(models["vae"], members={"pump 1": models["vae"].member("")})
    monitor = Monitor({"vae": alone})
    batch = Batch("x", "pump 9", np.zeros(1), np.zeros((1, 3), np.float32))
    assert monitor.push(batch) == (None, None)
    assert "has not learned the machine «pump 9»" in monitor.refused["x"]


def test_the_ensemble_keeps_its_promise_however_the_detectors_depend() -> None:
    """Rüger's bound, for independent and for equal detectors."""
    rng = np.random.default_rng(5)
    for k in (1, 2, 3, 4, 5):
        p = rng.uniform(size=(200_000, k))
        for surprise in (-np.log10(p), -np.log10(np.repeat(p[:, :1], k, axis=1))):
            assert np.mean(combined(surprise) > 2) <= 0.011, k
    assert combined(np.array([[5.0, 4.0, 0.1]]))[0] == pytest.approx(4 - math.log10(1.5))
    assert combined(np.array([[0.1, 0.1, 0.05]]))[0] == 0


@pytest.mark.parametrize("takes", [[1000], [7, 130, 1], [333]])
def test_raw_signals_are_cut_into_frames_as_in_a_batch(takes) -> None:
    """A model of frames: steps are frames, each with the time of its last sample, whatever the cut."""
    from dataclasses import replace

    from core.features.signals.front_end import FrontEnd

    rate, front = 100.0, FrontEnd(kind="bands", frame=0.2, hop=0.1, bands=2)
    raw = replace(toys.dataset(toys.recording(7, 4000)), kind="waveform", rate=rate)
    framed = front.apply(raw)
    member = toys.toy_member(framed)
    model = replace(
        toys.toy_model(),
        sensors=framed.sensors,
        raw_sensors=raw.sensors,
        rate=framed.rate,
        raw_rate=rate,
        kind="waveform",
        frontend=front,
        members={"*": member},
    )
    scored, _ = played({"vae": model}, raw, takes)
    once = model.score(framed.units[0])
    assert np.allclose(whole(scored, "surprise")[:, 0], once.now.surprise)
    assert np.array_equal(whole(scored, "time"), framed.units[0].time)
    assert [sensor.name for sensor in framed.sensors] == Monitor({"vae": model}).sensors
