"""The front end: names, times and labels of frames; the same numbers however the samples come."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import ValidationError

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.errors import UserError
from core.features.signals import frames
from core.features.signals.extract import band_names
from core.features.signals.front_end import FrontEnd

RATE = 1000.0
FRONT_ENDS = (
    FrontEnd(kind="bands", frame=0.1, hop=0.05, bands=5),
    FrontEnd(kind="envelope", frame=0.1, hop=0.03, bands=4, low=150, high=400, fastest=100),
    FrontEnd(kind="logmel", frame=0.064, hop=0.2, bands=8),  # frames apart from each other
)


def recording(values: np.ndarray, **changes: object) -> SeriesSet:
    """One unit of two signals and a condition."""
    time = np.arange(len(values)) / RATE
    unit = SeriesUnit("a", "a", "train", values.astype(np.float32), time, events=())
    sensors = (Sensor("DE", "g"), Sensor("load", "hp", "condition"), Sensor("FE", "g"))
    found = SeriesSet("set", Path(), "toy", sensors, (replace(unit, **changes),), "waveform", "s", RATE)  # type: ignore[arg-type]
    return found


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 3))


@pytest.mark.parametrize("front", FRONT_ENDS, ids=lambda front: front.kind)
@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 700), max_size=6), seed=st.integers(0, 3))
def test_a_stream_gives_the_frames_of_the_batch_however_it_is_cut(front: FrontEnd, cuts: list[int], seed: int) -> None:
    samples = noise(700, seed).astype(np.float32)
    samples[300 + seed, 0] = np.nan
    data = recording(samples)
    batch = front.apply(data).units[0].values
    stream = front.stream(data.sensors, RATE)
    edges = [0, *sorted(cuts), 700]
    pushed = [stream.push(samples[low:high]) for low, high in itertools.pairwise(edges)]
    assert_array_equal(np.concatenate(pushed), batch)


@pytest.mark.parametrize("front", FRONT_ENDS, ids=lambda front: front.kind)
def test_sample_by_sample_and_in_small_groups_it_is_the_same_to_the_last_bit(
    front: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = recording(noise(500))
    batch = front.apply(data).units[0].values
    stream = front.stream(data.sensors, RATE)
    one_by_one = np.concatenate([stream.push(data.units[0].values[k : k + 1]) for k in range(500)])
    assert_array_equal(one_by_one, batch)
    monkeypatch.setattr(frames, "BLOCK", 90)
    monkeypatch.setattr(frames, "GROUP_BYTES", 1)
    assert_array_equal(front.apply(data).units[0].values, batch)


def test_frames_are_named_and_hold_what_they_say() -> None:
    time = np.arange(2000) / RATE
    values = np.stack([2 * np.sin(2 * np.pi * 230 * time), np.full(2000, 3.0), noise(2000)[:, 0]], axis=1)
    found = FrontEnd(kind="bands", frame=0.2, hop=0.1, bands=5).apply(recording(values))
    assert [sensor.name for sensor in found.sensors[:7]] == [
        *("DE 0-100 Hz level", "DE 100-200 Hz level", "DE 200-300 Hz level", "DE 300-400 Hz level"),
        *("DE 400-500 Hz level", "DE kurtosis", "DE crest factor"),
    ]
    assert found.sensors[0].unit == "dB" and found.sensors[-1] == Sensor("load", "hp", "condition")
    rows = found.units[0].values
    assert rows.shape == (19, 15) and found.kind == "series" and found.rate == 10 and found.time_unit == "s"
    assert_allclose(rows[:, 2], 10 * np.log10(2), atol=1e-4)  # A^2 / 2
    assert_allclose(rows[:, 0], -120, atol=30)
    assert_allclose(rows[:, 5:7], [[1.5, np.sqrt(2)]] * 19, atol=1e-4)
    assert_allclose(rows[:, -1], 3)
    assert_allclose(found.units[0].time, time[199::100])


def test_envelope_levels_of_a_modulated_carrier() -> None:
    """(1 + 0.5 cos) sin: the rhythm has the mean square 0.125, the carrier half that of its envelope, 0.5625."""
    time = np.arange(2000) / RATE
    wave = (1 + 0.5 * np.cos(2 * np.pi * 30 * time)) * np.sin(2 * np.pi * 300 * time)
    front = FrontEnd(kind="envelope", frame=0.2, hop=0.1, bands=3, low=200, high=400, fastest=155)
    found = front.apply(recording(np.stack([wave, wave, wave], axis=1)))
    assert [sensor.name for sensor in found.sensors[:4]] == [
        *("DE envelope 5-55 Hz level", "DE envelope 55-105 Hz level", "DE envelope 105-155 Hz level"),
        "DE 200-400 Hz level",
    ]
    rows = found.units[0].values
    assert_allclose(rows[:, 0], 10 * np.log10(0.125), atol=1e-3)
    assert_allclose(rows[:, 3], 10 * np.log10(0.5625), atol=1e-4)
    assert (rows[:, 2] < -60).all()


def test_labels_follow_the_samples() -> None:
    """Frames of 100 samples every 50: frame k holds samples 50 k to 50 k + 99."""
    events = (Event(120, 130, (2,), "knock"), Event(990, 1000, (0, 1)))
    found = FRONT_ENDS[0].apply(recording(noise(1000), events=events, healthy=120, failed=True, life_left=1.0))
    unit = found.units[0]
    assert len(unit) == 19
    assert unit.events is not None
    assert [(event.start, event.stop, event.kind) for event in unit.events] == [(1, 3, "knock"), (18, 19, None)]
    assert {found.sensors[column].name.split()[0] for column in unit.events[0].sensors} == {"FE"}
    assert unit.events[1].sensors == (*range(7), 14)  # all features of DE, and the condition itself
    assert unit.healthy == 1 and unit.failed and unit.split == "train" and unit.life_left == 1.0


@settings(max_examples=50)
@given(start=st.integers(0, 299), length=st.integers(1, 80), frame=st.integers(2, 60), hop=st.integers(1, 80))
def test_a_frame_is_anomalous_where_one_of_its_samples_is(start: int, length: int, frame: int, hop: int) -> None:
    stop = min(300, start + length)
    front = FrontEnd(kind="bands", frame=frame / RATE, hop=hop / RATE, bands=1)
    data = recording(noise(300), events=(Event(start, stop),), healthy=start)
    labels, raw = front.apply(data).units[0].labels(), data.units[0].labels()
    assert labels is not None and raw is not None
    inside = [raw[k * hop : k * hop + frame].any() for k in range((300 - frame) // hop + 1)]
    assert labels.tolist() == inside
    healthy = front.apply(data).units[0].healthy
    assert healthy == sum(k * hop + frame <= start for k in range(len(inside)))


def test_steps_become_seconds() -> None:
    data = recording(noise(500), life_left=250.0)
    steps = replace(data, time_unit="step", units=(replace(data.units[0], time=np.arange(500.0)),))
    found = FRONT_ENDS[0].apply(steps)
    assert found.time_unit == "s"
    assert_allclose(found.units[0].time, FRONT_ENDS[0].apply(data).units[0].time)
    assert found.units[0].life_left == pytest.approx(0.25)


def test_a_missing_sample_makes_its_frames_missing_and_no_others() -> None:
    values = noise(400)
    values[120, 0] = np.inf
    rows = FRONT_ENDS[0].apply(recording(values)).units[0].values
    missing = np.isnan(rows)
    assert missing[1:3, :7].all() and missing.sum() == 14


def test_silence_is_quiet_not_infinite() -> None:
    rows = FRONT_ENDS[2].apply(recording(np.zeros((500, 3)))).units[0].values
    assert_allclose(rows[:, :16], -120)


def test_settings_survive_json() -> None:
    for front in FRONT_ENDS:
        assert FrontEnd.model_validate_json(front.model_dump_json()) == front
    with pytest.raises(ValidationError, match="above the lowest"):
        FrontEnd(kind="bands", low=300, high=200)


def test_auto_follows_the_kind_of_recording() -> None:
    data = recording(noise(5000))
    assert FrontEnd.auto(replace(data, kind="series")).kind == FrontEnd.auto(replace(data, kind="rows")).kind == "none"
    assert FrontEnd.auto(data) == FrontEnd(kind="bands")
    assert FrontEnd.auto(replace(data, kind="sound")).kind == "logmel"
    short = recording(noise(100))
    assert FrontEnd.auto(short).frame == 0.1 and len(FrontEnd.auto(short).apply(short).units[0]) == 1


def test_none_leaves_the_set_as_it_is() -> None:
    data = recording(noise(10))
    assert FrontEnd().apply(data) is data
    assert FrontEnd().sensors(data.sensors, RATE) == data.sensors


@pytest.mark.parametrize(
    ("front", "said"),
    [
        (FrontEnd(kind="bands", frame=0.02, hop=0.01), "narrower"),
        (FrontEnd(kind="logmel", frame=0.064, hop=0.03, bands=64), "narrower"),
        (FrontEnd(kind="bands", frame=0.1, high=600), "nothing from 0 to 600 Hz"),
        (FrontEnd(kind="envelope", frame=0.1, fastest=501), "faster than the samples show"),
        (FrontEnd(kind="bands", frame=5), "No recording is as long"),
    ],
)
def test_settings_that_do_not_fit_are_told(front: FrontEnd, said: str) -> None:
    with pytest.raises(UserError, match=said):
        front.apply(recording(noise(1000)))


def test_what_is_no_raw_signal_is_not_cut() -> None:
    with pytest.raises(UserError, match="no raw signal"):
        FRONT_ENDS[0].apply(replace(recording(noise(500)), kind="series"))
    with pytest.raises(UserError, match="rate of the signals is not known"):
        FRONT_ENDS[0].apply(replace(recording(noise(500)), rate=None))


def test_recordings_that_are_too_short_are_told() -> None:
    data = recording(noise(500))
    both = data.of([data.units[0], replace(data.units[0].cut(0, 50), name="short")])
    found = FRONT_ENDS[0].apply(both)
    assert [unit.name for unit in found.units] == ["a"]
    assert found.rejected[0].name == "short" and "shorter than a frame" in found.rejected[0].reason


def test_band_names_tell_the_edges_apart() -> None:
    assert band_names(np.array([2000.0, 3000.0, 4000.0])) == ["2.0-3.0 kHz", "3.0-4.0 kHz"]
    assert band_names(np.array([0.0, 250.0, 500.0])) == ["0-250 Hz", "250-500 Hz"]
    assert band_names(np.array([1000.0, 1010.0])) == ["1.00-1.01 kHz"]
