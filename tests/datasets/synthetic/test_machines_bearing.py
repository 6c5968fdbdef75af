"""The simulated bearings: struck at the known rates from the known moment on, ringing at the known pitch."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.synthetic.machines import bearing
from core.features.signals.bearings import SKF_6205
from core.features.signals.envelope import envelope_spectrum
from core.features.signals.spectra import welch_psd
from core.features.signals.statistics import kurtosis

BAND = (bearing.RESONANCE - 700, bearing.RESONANCE + 700)


@pytest.fixture(scope="module")
def bearings() -> SeriesSet:
    return bearing.make(0, seconds=8)


def faulty(bearings: SeriesSet) -> dict[str, SeriesUnit]:
    return {fault: bearings.by_name[f"{fault} fault"] for fault in bearing.FAULTS}


def test_the_same_seed_gives_the_same_bearings(bearings: SeriesSet) -> None:
    assert bearing.make(0, seconds=8).content_id == bearings.content_id
    assert bearing.make(1, seconds=8).content_id != bearings.content_id


def test_its_orders_are_those_of_the_bearing_it_says() -> None:
    orders = SKF_6205.fault_frequencies(1)
    assert bearing.STRIKES["outer race"] == pytest.approx(orders.bpfo, rel=1e-3)
    assert bearing.STRIKES["inner race"] == pytest.approx(orders.bpfi, rel=1e-3)
    assert bearing.STRIKES["ball"] == pytest.approx(2 * orders.bsf, rel=1e-3)
    assert pytest.approx(orders.ftf, rel=1e-3) == bearing.CAGE


def test_normal_ones_to_learn_from_and_onsets_that_are_known(bearings: SeriesSet) -> None:
    assert bearings.kind == "waveform" and bearings.rate == 12_000
    train = [unit for unit in bearings.units if unit.split == "train"]
    assert len(train) == 4 and all(unit.events == () for unit in train)
    assert len(bearings.machines) == len(bearings)
    for unit in faulty(bearings).values():
        assert unit.events is not None
        (event,) = unit.events
        assert 0.35 <= event.start / len(unit) <= 0.5 and event.stop == len(unit) and unit.failed


@pytest.mark.parametrize("fault", bearing.FAULTS)
def test_the_envelope_beats_at_the_rate_of_the_fault_after_the_onset_only(bearings: SeriesSet, fault: str) -> None:
    unit = faulty(bearings)[fault]
    assert unit.events is not None
    onset = unit.events[0].start
    strongest = []
    for part in (unit.values[: onset - 1], unit.values[len(unit) // 2 + onset // 2 :]):
        spectrum = envelope_spectrum(part[:, 0].astype(float), bearing.RATE, BAND)
        seen = (spectrum.frequency > 3) & (spectrum.frequency < 500)
        line = spectrum.frequency[seen][spectrum.value[seen].argmax()]
        strongest.append((line, spectrum.value[seen].max()))
    (_, before), (line, after) = strongest
    assert line == pytest.approx(bearing.STRIKES[fault] * bearing.SPEED, rel=0.02)  # type: ignore[index]
    assert after > 10 * before


def test_the_resonance_rings_and_the_signal_becomes_spiky(bearings: SeriesSet) -> None:
    unit = faulty(bearings)["outer race"]
    early, late = unit.values[:20_000, 0].astype(float), unit.values[-20_000:, 0].astype(float)
    spectrum = welch_psd(late, bearing.RATE)
    loudest = spectrum.frequency[spectrum.value.argmax()]
    assert loudest == pytest.approx(bearing.RESONANCE, rel=0.03)
    assert kurtosis(early) < 3.5 and kurtosis(late) > 6


def test_the_fault_grows(bearings: SeriesSet) -> None:
    for unit in faulty(bearings).values():
        assert unit.events is not None
        onset = unit.events[0].start
        parts = np.array_split(unit.values[onset:, 0].astype(float), 5)
        loudness = [part.std() for part in parts]
        assert loudness == sorted(loudness) and loudness[-1] > 2 * loudness[0]
