"""Real bearings and fans: what is told of a fault, and that long recordings do not fill the memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.datasets.readers import read
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.features.signals.bearings import SKF_6205
from core.features.signals.envelope import envelope_spectrum
from core.features.signals.front_end import FrontEnd


@pytest.fixture(scope="module")
def cwru(shared_datasets: Path) -> SeriesSet:
    found = read(shared_datasets / "cwru")
    assert isinstance(found, SeriesSet)
    return found


@pytest.mark.parametrize("name", ["1797_OR_at_6_7_DE12", "1797_OR_at_3_7_DE12", "1797_OR_at_6_21_DE12"])
def test_the_envelope_shows_the_outer_race_fault_of_a_real_bearing(cwru: SeriesSet, name: str) -> None:
    """The strongest line from 50 to 300 Hz is BPFO at 1797 rpm, which is said to be 1 to 2 % off by slip."""
    assert cwru.rate is not None
    wave = cwru.by_name[name].values[:, 0].astype(float)
    spectrum = envelope_spectrum(wave, cwru.rate, (2000, 4000))
    seen = (spectrum.frequency > 50) & (spectrum.frequency < 300)
    line = spectrum.frequency[seen][spectrum.value[seen].argmax()]
    assert line == pytest.approx(SKF_6205.fault_frequencies(1797 / 60).bpfo, rel=0.01)
    assert spectrum.value[seen].max() > 50 * np.median(spectrum.value[seen])


def test_a_normal_bearing_has_no_such_line(cwru: SeriesSet) -> None:
    assert cwru.rate is not None
    bpfo = SKF_6205.fault_frequencies(1797 / 60).bpfo
    for unit in cwru.units:
        if unit.events == ():
            spectrum = envelope_spectrum(unit.values[:, 0].astype(float), cwru.rate, (2000, 4000))
            near = np.abs(spectrum.frequency / bpfo - 1) < 0.02
            around = np.abs(spectrum.frequency - bpfo) < 40
            assert spectrum.value[near].max() < 10 * np.median(spectrum.value[around])


@pytest.mark.parametrize(
    "front",
    [
        FrontEnd(kind="bands"),
        FrontEnd(kind="envelope", frame=0.5, hop=0.25, bands=24, low=2000, high=5000, fastest=240),
    ],
    ids=lambda front: front.kind,
)
def test_features_tell_every_faulty_bearing_from_the_normal_one(cwru: SeriesSet, front: FrontEnd) -> None:
    """Whole files are held out. Learned: mean and spread of each feature over the healthy training part; the score is
    the root mean square of the deviations. The quietest frame of any fault scores ten times the loudest normal one."""
    data = front.apply(cwru)
    learned = np.concatenate([unit.values for unit in data.normals().units])
    centre, scale = learned.mean(axis=0), learned.std(axis=0)
    scores = {u.name: np.sqrt(np.mean(((u.values - centre) / scale) ** 2, axis=1)) for u in data.test().units}
    normal = [scores[unit.name].max() for unit in data.test().units if unit.events == ()]
    faulty = [scores[unit.name].min() for unit in data.test().units if unit.events]
    assert len(normal) == 1 and len(faulty) == 15
    assert min(faulty) > 10 * max(normal)


def test_real_sound_becomes_log_mel_frames(shared_datasets: Path) -> None:
    fans = read(shared_datasets / "mimii_fan")
    assert isinstance(fans, SeriesSet) and fans.kind == "sound"
    some = fans.of(fans.units[:2])
    front = FrontEnd.auto(some)
    found = front.apply(some)
    assert front.kind == "logmel" and len(found.sensors) == 64 * len(fans.signals)
    for unit in found.units:
        assert len(unit) == 311 and np.isfinite(unit.values).all()


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    def peak(n: int) -> int:
        values = np.memmap(tmp_path / f"{n}.raw", np.float32, "w+", shape=(n, 1))
        times = np.memmap(tmp_path / f"{n}.time", np.float64, "w+", shape=(n,))
        times[:] = np.arange(n) / 12_000
        unit = SeriesUnit("long", "long", "train", values, times)
        data = SeriesSet("long", tmp_path, "toy", (Sensor("DE"),), (unit,), "waveform", "s", 12_000.0)
        tracemalloc.start()
        FrontEnd(kind="bands", frame=0.2, hop=0.2).apply(data)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10_000)
    assert peak(2_000_000) < peak(500_000) + 1_000_000
