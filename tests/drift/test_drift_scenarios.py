"""Drift made on purpose: its courses, what each kind does, and that labels stay true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.continual.descriptors import band_levels, event_counts
from core.continual.plant import BANDS, STATES, Plant
from core.continual.source import described
from core.drift.scenarios import SCENARIOS, Drift, Surroundings, amounts, apply
from core.drift.scenarios.neutrality import neutrality
from core.errors import UserError

SIGNALS = [name for name, one in SCENARIOS.items() if one.modality == "signal"]
IMAGES = [name for name, one in SCENARIOS.items() if one.modality == "image"]
LOGS = [name for name, one in SCENARIOS.items() if one.modality == "log"]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def around(values: np.ndarray) -> Surroundings:
    return Surroundings(spread=values.std(axis=(0, 1)), other=values[::-1].copy(), states=8)


def raw(kind: str, n: int = 4) -> np.ndarray:
    modality = SCENARIOS[kind].modality
    if modality == "signal":
        return generator(1).standard_normal((n, 64, 2)).astype(np.float32)
    if modality == "image":
        return generator(1).integers(0, 256, (n, 16, 20, 3)).astype(np.uint8)
    states = generator(1).integers(0, 7, (n, 30))
    return np.stack([states, generator(2).exponential(size=(n, 30))], axis=2).astype(np.float32)


def test_the_registry_holds_what_it_promises() -> None:
    assert SIGNALS == ["gain", "offset", "noise", "speed", "filter", "stuck", "load"]
    assert IMAGES == ["brightness", "blur", "white-balance", "vignette", "jpeg", "pose"]
    assert LOGS == ["rate", "new-template", "renamed-template"]


def test_courses() -> None:
    steps = np.arange(-5, 200)
    none, abrupt, incremental, recurring = (
        amounts(Drift(kind="gain", shape=shape, width=50, period=20), steps, generator())
        for shape in ("none", "abrupt", "incremental", "recurring")
    )
    assert not none.any()
    assert np.array_equal(abrupt, steps >= 0)
    assert incremental[5] == 1 / 50 and incremental[54] == 1.0 and not incremental[:5].any()
    assert np.array_equal(recurring[5:45], np.tile([1.0] * 10 + [0.0] * 10, 2))


def test_a_gradual_drift_mixes_old_and_new_samples() -> None:
    steps = np.repeat([-1, 0, 25, 50, 100], 4000)
    shares = amounts(Drift(kind="gain", shape="gradual", width=50), steps, generator()).reshape(5, -1).mean(axis=1)
    assert shares[0] == 0
    assert np.allclose(shares[1:4], [0.018, 0.5, 0.982], atol=0.03)
    assert set(amounts(Drift(kind="gain", shape="gradual"), steps, generator())) == {0.0, 1.0}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_every_kind_changes_what_drifts_and_nothing_else(kind: str) -> None:
    values = raw(kind)
    amount = np.array([0.0, 1.0, 0.5, 0.0])
    shaped = amount[:, None] if kind in SIGNALS else amount
    before = values.copy()
    changed = apply(kind, values, shaped, generator(), around(values))
    assert changed.shape == values.shape and changed.dtype == values.dtype
    assert np.array_equal(values, before), "the input is left alone"
    assert np.array_equal(changed[[0, 3]], values[[0, 3]])
    assert not np.array_equal(changed[1], values[1])
    assert np.isfinite(changed).all()
    assert np.array_equal(changed, apply(kind, values, shaped, generator(), around(values)))


@given(st.floats(-1.2, 3))
def test_gain_moves_every_band_level_by_twice_its_logarithm(amount: float) -> None:
    waves = generator(3).standard_normal((3, 256, 1)).astype(np.float32)
    moved = band_levels(apply("gain", waves, np.full((3, 1), amount), generator()), BANDS) - band_levels(waves, BANDS)
    assert np.allclose(moved[:, 1:], 2 * np.log(1 + 0.7 * amount), atol=1e-3)


def test_offset_noise_and_speed_do_what_they_say() -> None:
    steps = np.arange(512)
    wave = np.sin(2 * np.pi * steps / 32).astype(np.float32)[None, :, None]
    full = np.ones((1, 1))
    spread = Surroundings(spread=wave.std(axis=(0, 1)).astype(np.float64))
    offset = apply("offset", wave, full, generator(), spread)
    assert np.allclose(offset - wave, 1.5 * wave.std(), atol=1e-5)
    noise = apply("noise", wave, full, generator(), spread) - wave
    assert 10 * np.log10(wave.var() / noise.var()) == pytest.approx(5.0, abs=0.4)
    slowed = apply("speed", wave, full, generator())[0, :256, 0]
    assert np.abs(np.fft.rfft(slowed * np.hanning(256))).argmax() / 256 == pytest.approx(0.92 / 32, abs=1 / 256)
    assert np.allclose(slowed[0], wave[0, 0, 0]), "a slowed machine does not look ahead"


def test_logs_come_faster_or_unknown() -> None:
    events = raw("rate", 200)
    full = np.ones(200)
    fast = apply("rate", events, full, generator())
    assert fast[..., 1].sum() == pytest.approx(events[..., 1].sum() / 2, rel=1e-5)
    new = apply("new-template", events, full, generator(), Surroundings(states=8))
    assert np.mean(new[..., 0] == 7) == pytest.approx(0.25, abs=0.02)
    renamed = apply("renamed-template", events, full, generator(), Surroundings(states=8))
    assert np.array_equal(renamed[..., 0] == 7, events[..., 0] == 1)


def test_what_is_missing_is_told() -> None:
    with pytest.raises(UserError, match="recordings of another load"):
        apply("load", raw("load"), np.ones((4, 1)), generator())
    with pytest.raises(ValidationError, match="there is no drift «gian»"):
        Drift(kind="gian")
    with pytest.raises(ValidationError, match="magnitude 0"):
        Drift(kind="gain", magnitude=0)


@pytest.mark.parametrize("kind", ["gain", "offset", "filter"])
def test_drifts_of_signals_leave_labels_true(kind: str) -> None:
    source = Plant(1, 0).source(0)
    fault = np.repeat([0, 1], 150)
    waves = source.draw(fault, "train", generator(4)).raw["vibration"]
    changed = apply(kind, waves, np.ones((300, 1)), generator(5), around(waves))
    found = neutrality(band_levels(waves, BANDS), band_levels(changed, BANDS), fault > 0)
    assert found.neutral, f"clean {found.clean:.3f}, drifted {found.drifted:.3f}"


def test_what_hides_the_fault_is_no_neutral_drift() -> None:
    source = Plant(1, 0).source(0)
    fault = np.repeat([0, 1], 100)
    clean = described(source.describe, source.draw(fault, "train", generator(6)).raw)["vibration"]
    found = neutrality(clean, generator(7).standard_normal(clean.shape), fault > 0)
    assert found.clean > 0.9 and not found.neutral
    with pytest.raises(ValueError, match="at least 5"):
        neutrality(clean, clean, np.zeros(200, bool))


def test_a_log_may_be_renamed_and_still_tell_a_storm() -> None:
    source = Plant(1, 0).source(0)
    fault = np.repeat([0, 3], 150)
    events = source.draw(fault, "train", generator(8)).raw["log"]
    changed = apply("renamed-template", events, np.ones(300), generator(), Surroundings(states=STATES))
    rows = [event_counts(one, STATES).reshape(300, -1) for one in (events, changed)]
    assert neutrality(rows[0], rows[1], fault > 0).neutral
