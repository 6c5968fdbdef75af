from __future__ import annotations

import numpy as np
import pytest

from core.datasets.series import SeriesUnit
from core.datasets.wording import moment
from core.explain.began import onsets
from core.explain.onset import Onset
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.explain.wording import strayed
from tests.explain.toys import correlated, data, model

N, START, STOP = 900, 500, 700


@pytest.fixture(scope="module")
def base():
    found = data(correlated(N, seed=5))
    return found, model(found)


def changed(base, change) -> tuple[Onset | None, SeriesUnit]:
    found, fitted = base
    values = found.units[1].values.copy()
    scale = fitted.member("m").scaler.scale[0, 0]
    change(values, scale)
    unit = data(values).units[1]
    reference, stretch = Reference.of(fitted, found, "m"), Stretch.of(fitted, unit, START, STOP, "now")
    return onsets(stretch, unit, reference, [0], [0])[0], unit


def test_a_jump_is_dated_and_sized(base) -> None:
    def jump(values, scale):
        values[540:, 0] += 4 * scale

    found, _ = changed(base, jump)
    assert found is not None
    assert found.manner == "jumped"
    assert abs(found.step - 540) <= 3
    assert found.size == pytest.approx(4, abs=0.4)


def test_a_drift_is_dated_and_sized(base) -> None:
    def drift(values, scale):
        values[550:, 0] -= np.linspace(0, 14, N - 550).astype(np.float32) * scale

    found, unit = changed(base, drift)
    assert found is not None
    assert found.manner == "drifted"
    assert abs(found.step - 550) <= 20
    assert found.size == pytest.approx(-14 * (STOP - 550) / (N - 550), abs=1)
    assert strayed(found, unit, "cycle").startswith("it drifted to ")
    assert "sd below what the other sensors let expect, from" in strayed(found, unit, "cycle")
    assert f"from cycle {unit.time[found.step]:g}" in strayed(found, unit, "cycle")


def test_a_frozen_sensor_is_told_as_frozen(base) -> None:
    def freeze(values, scale):
        values[520:, 0] = values[520, 0]

    found, _ = changed(base, freeze)
    assert found is not None
    assert found.manner == "froze"
    assert found.step == 520


def test_a_silent_sensor_is_told_as_silent(base) -> None:
    def silence(values, scale):
        values[510:, 0] = np.nan

    found, unit = changed(base, silence)
    assert found == Onset(510, "fell silent", 0.0)
    assert strayed(found, unit, "s") == "it fell silent at 610 s"


def test_noise_is_told_as_noise(base) -> None:
    def shake(values, scale):
        values[START:, 0] += np.random.default_rng(0).standard_normal(N - START).astype(np.float32) * 5 * scale

    found, _ = changed(base, shake)
    assert found is not None
    assert found.manner == "became noisy"
    assert found.size > 3


def test_a_sensor_that_was_off_before_did_not_begin_here(base) -> None:
    def off(values, scale):
        values[:, 0] -= 6 * scale

    found, unit = changed(base, off)
    assert found is not None
    assert found.manner == "was off before"
    assert strayed(found, unit, "s").startswith("it reads ")
    assert strayed(found, unit, "s").endswith("sd below what the other sensors let expect, and did before")


def test_a_sensor_as_ever_has_no_onset(base) -> None:
    found, unit = changed(base, lambda values, scale: None)
    assert found is None
    assert "no lasting change" in strayed(found, unit, "step")


def test_moments_are_told_in_the_datas_own_time() -> None:
    assert moment(140, "cycle") == "cycle 140"
    assert moment(12.5, "s") == "12.5 s"
    assert moment(0, "epoch") == "1970-01-01 00:00:00 UTC"
    assert moment(1_700_000_123, "step") == "step 1,700,000,123"
