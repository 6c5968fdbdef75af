"""The monitor on the simulated pump: stationary days, a gain drift, a short fault; cuts, saved states, latent codes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit
from core.datasets.synthetic.machines import faults, pump
from core.detectors.registry import parameters
from core.detectors.series.model import Member
from core.detectors.series.training import held_out, train_series
from core.drift import monitor as module
from core.drift.monitor import DriftMonitor, gaussian_kl
from core.drift.reference import Reference
from core.drift.state import DriftState
from core.drift.trigger import Trigger
from core.drift.views import DriftRule
from core.errors import UserError
from core.progress import Progress

NAMES = tuple(sensor.name for sensor in pump.SENSORS)
MOVED = "discharge_pressure"
STEPS = 6000
DRIFT_AT = 3000


@dataclass
class Trained:
    member: Member
    reference: Reference

    def monitor(self) -> DriftMonitor:
        return DriftMonitor(self.member, NAMES, self.reference)

    def surprise(self, unit: SeriesUnit) -> NDArray[np.float64]:
        scores = self.member.detector.score(self.member.scaler.apply(unit.values)).now.score
        return self.member.calibration.surprise(scores, "now")

    def run(self, unit: SeriesUnit, cuts: tuple[int, ...] = ()) -> tuple[DriftMonitor, list[DriftState]]:
        """The monitor after the unit, and what it said when drift began to be told."""
        found, said, surprise = self.monitor(), [], self.surprise(unit)
        for part in np.split(np.arange(len(unit)), sorted(cuts)):
            said += found.push(unit.values[part], surprise[part], surprise[part] > 3, unit.time[part])
        return found, said


@pytest.fixture(scope="module")
def trained() -> Trained:
    unit = replace(pump.record(0, 0, 20_000), name="train", split="train")
    data = pump.make(0, steps=8400).of([unit])
    model = train_series("pca-t2q", parameters("pca-t2q", {}), 0, data, Progress()).model
    member = model.member("pump-1")
    return Trained(member, Reference.fit(member, held_out(model, model.prepared(data).normals(), "pump-1", 0)))


def drifted(gain: float = 1.3, sensor: str = MOVED) -> SeriesUnit:
    unit = pump.record(0, 1, STEPS)
    values = unit.values.copy()
    values[DRIFT_AT:, pump.COLUMN[sensor]] *= gain
    return replace(unit, values=values)


def test_stationary_days_are_no_drift(trained: Trained) -> None:
    found, said = trained.run(pump.record(0, 2, 20_000))
    assert len(said) <= 2  # at most one in 10,000 steps
    assert found.state().verdict in ("steady", "anomaly", "suspected")


def test_a_gain_drift_is_found_and_the_sensor_is_named(trained: Trained) -> None:
    found, said = trained.run(drifted())
    state = found.state()
    assert state.verdict == "drift" and state.confirmed
    assert state.moved[0].sensor == MOVED and state.moved[0].shift > 2
    assert abs(state.moved[0].since_step - DRIFT_AT) <= 2 * state.block
    assert said[0].steps - DRIFT_AT <= 2000
    assert "1 sensor moved since step" in state.words() and MOVED in state.words()


def test_a_short_fault_is_an_anomaly_and_no_drift(trained: Trained) -> None:
    unit = faults.inject(pump.record(0, 1, STEPS), pump.COLUMN[MOVED], DRIFT_AT, DRIFT_AT + 240, "bias", 5.0)
    found, said = trained.run(unit.cut(0, DRIFT_AT + 600))
    assert not said
    assert found.state().verdict == "anomaly"
    assert found.state().words().startswith("Short anomaly, no drift")
    assert not trained.run(unit)[1]


def test_a_sensor_that_stirs_more_is_named_by_its_spread(trained: Trained) -> None:
    unit = pump.record(0, 1, STEPS)
    values, column = unit.values.copy(), pump.COLUMN["speed"]
    usual = float(np.std(values[:, column]))
    values[DRIFT_AT:, column] += np.random.default_rng(0).normal(0, 3 * usual, STEPS - DRIFT_AT).astype(np.float32)
    moved = {one.sensor: one for one in trained.run(replace(unit, values=values))[0].state().moved}
    assert moved["speed"].ratio > 2


def test_too_early_and_silent(trained: Trained) -> None:
    found = trained.monitor()
    assert found.state().verdict == "watching" and "0 of 32 blocks" in found.state().words()
    unit = pump.record(0, 1, STEPS)
    values = unit.values.copy()
    values[:, 4] = np.nan
    state = trained.run(replace(unit, values=values))[0].state()
    assert state.silent == (NAMES[4],)
    assert NAMES[4] in state.words()


@settings(max_examples=4)
@given(st.lists(st.integers(0, STEPS), max_size=12))
def test_the_cut_changes_nothing(trained: Trained, cuts: list[int]) -> None:
    unit = drifted()
    first, said = trained.run(unit)
    second, again = trained.run(unit, tuple(cuts))
    assert json.dumps(first.to_json()) == json.dumps(second.to_json())
    assert said == again


@pytest.mark.parametrize("at", [777, DRIFT_AT + 900])
def test_another_process_goes_on_from_what_was_saved(trained: Trained, at: int) -> None:
    unit = drifted()
    surprise = trained.surprise(unit)
    whole, _ = trained.run(unit)
    first, _ = trained.run(unit.cut(0, at))
    second = DriftMonitor(
        trained.member, NAMES, Reference.from_json(json.loads(json.dumps(trained.reference.to_json())))
    )
    second.restore(json.loads(json.dumps(first.to_json())))
    second.push(unit.values[at:], surprise[at:], surprise[at:] > 3, unit.time[at:])
    assert second.state() == whole.state()
    assert second.to_json() == whole.to_json()


def test_memory_is_bounded(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 60)
    monkeypatch.setattr(module, "KEPT", 40)
    found, _ = trained.run(drifted())
    assert len(found.blocks) < 60 and found.seen == STEPS // trained.reference.steps
    assert found.state().verdict == "drift"
    assert found.state().moved[0].sensor == MOVED


def test_a_reference_needs_enough(trained: Trained) -> None:
    with pytest.raises(UserError, match=r"too (short|few)"):
        Reference.fit(trained.member, [pump.record(0, 3, 100)])
    with pytest.raises(UserError, match="long enough"):
        Reference.fit(trained.member, [pump.record(0, 3, 1)])


class Coded:
    """A stand-in for a network: the code of a window is the mean of three of its sensors."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def latents(self, windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return windows[:, :, :3].mean(axis=1), np.full((len(windows), 3), -2.0, np.float32)


def test_the_code_of_a_network_is_a_third_view(trained: Trained) -> None:
    member = replace(trained.member, detector=Coded(trained.member.detector))  # type: ignore[arg-type]
    unit = replace(pump.record(0, 0, 20_000).cut(16_000, 20_000), events=())
    coded = Trained(member, Reference.fit(member, [unit]))
    quiet = {view.name: view for view in coded.run(pump.record(0, 2, STEPS))[0].state().views}
    assert not quiet["latent"].drifted
    moved = {view.name: view for view in coded.run(drifted(1.5, "flow"))[0].state().views}
    assert moved["latent"].drifted and moved["latent"].figure > 10 * quiet["latent"].figure


def test_divergence_of_gaussians() -> None:
    one, two = np.ones(1), np.full(1, 2.0)
    assert gaussian_kl(one, one, one, one) == 0
    assert gaussian_kl(two, one, one, one) == pytest.approx(0.5)
    assert gaussian_kl(one, two, one, one) == pytest.approx(0.5 * (2 - 1 - np.log(2)))


def test_the_trigger_waits_for_agreement_for_data_and_for_the_cooldown(trained: Trained) -> None:
    unit = pump.record(0, 1, STEPS)
    values = unit.values.copy()
    values[2000:, pump.COLUMN[MOVED]] *= 1.3
    state = trained.run(replace(unit, values=values))[0].state()
    trigger = Trigger(cooldown=3600, blocks=40)
    assert state.confirmed
    reason = trigger.reason(state, None, 0.0)
    assert reason is not None and MOVED in reason
    assert trigger.reason(state, 100.0, 200.0) is None
    assert trigger.reason(state, 100.0, 4000.0) == reason
    assert trigger.reason(replace(state, confirmed=False), None, 0.0) is None
    assert Trigger(blocks=10_000).reason(state, None, 0.0) is None


def test_other_watchers_may_be_chosen(trained: Trained) -> None:
    rule = DriftRule(watchers=(("input", ("hdddm",)),))
    found = DriftMonitor(trained.member, NAMES, trained.reference, rule)
    unit = drifted()
    surprise = trained.surprise(unit)
    found.push(unit.values, surprise, surprise > 3, unit.time)
    assert found.state().verdict == "drift"
