from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from core.detectors.series_vae.detector import SeriesVae
from core.detectors.series_vae.info import SeriesVaeParams
from core.explain.causes import METHODS, causes
from core.explain.expected import expected
from core.explain.record import record
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.progress import Progress
from tests.explain.toys import correlated, data, model


@pytest.fixture(scope="module")
def learned():
    """A tiny VAE over three slow sensors, of which one jumps."""
    torch.set_num_threads(1)
    rng, n = np.random.default_rng(0), 4400
    cause = np.convolve(rng.standard_normal(n + 99), np.ones(100) / 10, "valid")
    rows = (cause[:, None] * np.array([1.0, -1.0, 0.7]) + 0.1 * rng.standard_normal((n, 3))).astype(np.float32)
    rows[4200:4260, 1] += 4
    found = data(rows[4000:])
    units = (found.units[0].__class__("train", "m", "train", rows[:4000], np.arange(4000.0), ()), found.units[1])
    found = found.of(units)
    detector = SeriesVae(SeriesVaeParams(window=16, latent=4, steps=300), 0)
    return found, model(found, detector)


def test_a_vae_is_explained_by_every_method_and_written_as_json(learned) -> None:
    found, fitted = learned
    said = causes(fitted, found.units[1], 200, 260, "settled", Reference.of(fitted, found, "m"))
    plain = json.loads(json.dumps(record(said, fitted, found.units[1]), allow_nan=False))
    assert list(plain["methods"]) == list(METHODS)
    assert plain["methods"]["counterfactual"]["first"] == "s1"
    assert plain["methods"]["gradients"]["note"].startswith("from the window as redrawn")
    assert plain["sentence"].startswith("s1 explains ")
    assert plain["nearest"]["by"] == "the code"
    assert np.shape(plain["nearest"]["window"]) == (16, 3)
    assert len(plain["latent"]["kl"]) == 4
    assert np.shape(plain["latent"]["points"])[1] == 2
    assert plain["time_unit"] == "cycle"


def test_what_the_vae_expects_leaves_the_jump_out(learned) -> None:
    found, fitted = learned
    stretch = Stretch.of(fitted, found.units[1], 200, 260, "settled")
    drawn, how = expected(stretch, Reference.of(fitted, found, "m"))
    assert how == "redrawn by the detector"
    assert drawn.shape == stretch.values.shape
    quiet, fault = slice(20, 180), slice(stretch.lead + 20, stretch.lead + 40)
    assert np.abs(drawn - stretch.values)[quiet, 1].mean() < np.abs(drawn - stretch.values)[fault, 1].mean()


def test_what_other_sensors_let_expect_mends_the_fault() -> None:
    values = correlated(400, seed=3)
    values[200:240, 2] += 6
    found = data(values)
    fitted = model(found)
    stretch = Stretch.of(fitted, found.units[1], 200, 240, "now")
    drawn, how = expected(stretch, Reference.of(fitted, found, "m"))
    assert how == "by the other sensors at the same step"
    true = fitted.member("m").scaler.apply(correlated(400, seed=3)[200:240])[:, 2]
    assert np.abs(drawn[stretch.lead : stretch.lead + 40, 2] - true).mean() < 0.5


def test_slopes_are_differences_of_the_score(learned) -> None:
    found, _ = learned
    detector = SeriesVae(SeriesVaeParams(window=16, latent=4, steps=20), 0)
    detector.fit([found.units[0].values[:600]], Progress())
    windows = np.random.default_rng(1).standard_normal((3, 16, 3)).astype(np.float32)
    slopes, bias, step = detector.latent_slopes(windows), detector.network.code.bias, 1e-2
    for number in range(4):  # the bias of the last layer of the encoder moves the mean of the code
        scores = []
        for move in (step, -2 * step):
            bias.data[number] += move
            scores.append(detector.score_windows(windows))
        bias.data[number] += step
        assert slopes[:, number] == pytest.approx((scores[0] - scores[1]) / (2 * step), rel=0.02, abs=1e-3)
