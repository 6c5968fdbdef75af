"""Fitting, resuming, refusing; what explanations ask of the detector; a slow drift that the forecast sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.detectors.series_vae import training
from core.detectors.series_vae.detector import SeriesVae
from core.detectors.series_vae.info import SeriesVaeParams
from core.errors import Cancelled, UserError
from core.progress import Progress
from tests.detectors.series.check import Values, machine

QUICK: dict[str, Any] = {"window": 16, "width": 8, "latent": 4, "steps": 200, "batch_size": 32}


def fitted(normals: list[Values], progress: Progress = Progress(), **values: Any) -> SeriesVae:
    detector = SeriesVae(SeriesVaeParams(**{**QUICK, **values}), seed=1)
    detector.fit(normals, progress)
    return detector


@pytest.fixture(scope="module")
def vae() -> SeriesVae:
    return fitted([machine(900, 1)])


def test_training_tells_how_it_goes() -> None:
    curves: list[dict[str, float]] = []
    detector = fitted(
        [machine(500, 1)], Progress(lambda share, stage, metrics: curves.append(metrics)), pretraining=0.5
    )
    drawn = [one for one in curves if one]
    assert len(drawn) == 4
    assert set(drawn[0]) == {"train_loss", "val_loss", "kl", "active_units"}
    assert detector.provenance()["best_step"] > 100  # pretraining is no candidate


def test_an_interrupted_fit_ends_as_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    normals = [machine(500, 1)]
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked == 130:
            raise Cancelled

    with pytest.raises(Cancelled):
        fitted(normals, Progress(checkpoint=stop, scratch=tmp_path))
    assert list(tmp_path.iterdir())
    said: list[str] = []
    resumed = fitted(normals, Progress(scratch=tmp_path, log=said.append))
    assert said == ["Training resumes after step 100 of 200"]
    assert not list(tmp_path.iterdir())
    values = machine(100, 2)
    np.testing.assert_array_equal(resumed.score(values).now.score, fitted(normals).score(values).now.score)


def test_a_collapsed_code_is_refused() -> None:
    noise = np.random.default_rng(0).normal(size=(600, 3)).astype(np.float32)
    with pytest.raises(UserError, match=r"posterior collapse.*Lower β"):
        fitted([noise], beta=100, free_bits=0)


def test_too_few_normals_are_refused() -> None:
    with pytest.raises(UserError, match="too few for windows of 16 steps"):
        fitted([machine(20, 1)])


def test_gradients_reach_every_step_and_the_score_is_the_same(vae: SeriesVae) -> None:
    windows = np.stack([machine(16, seed) for seed in range(5)])
    inputs = torch.from_numpy(windows).requires_grad_()
    score = vae.torch_score(inputs)
    score.sum().backward()
    np.testing.assert_allclose(score.detach().numpy(), vae.score_windows(windows), rtol=1e-6)
    assert inputs.grad is not None
    assert (inputs.grad[..., :3] != 0).float().mean() > 0.9


def test_codes_and_reconstructions_of_windows(vae: SeriesVae) -> None:
    windows = np.stack([machine(20, seed) for seed in range(300)])
    means, log_variances = vae.latents(windows)
    assert means.shape == log_variances.shape == vae.kl_per_latent(windows).shape == (300, 4)
    drawn = vae.reconstruct(windows)
    assert drawn.shape == (300, 16, 4)
    last = windows[:, -16:]
    assert np.square(last - drawn).mean() < 0.7 * np.square(last).mean()
    assert vae.score_windows(windows[:0]).shape == (0,)


def test_scores_do_not_depend_on_the_company(vae: SeriesVae) -> None:
    windows = np.stack([machine(16, seed) for seed in range(40)])
    alone = [vae.score_windows(window[None])[0] for window in windows]
    np.testing.assert_allclose(alone, vae.score_windows(windows), rtol=1e-6, atol=2e-6)  # single precision


def test_parts_are_in_excess_of_the_usual(vae: SeriesVae) -> None:
    """On other normals about zero on average, with a spread of about one."""
    parts = vae.score(machine(2000, 5)).now.parts[16:, :3]
    assert np.abs(parts.mean(axis=0)).max() < 0.5
    assert np.abs(np.log(parts.std(axis=0))).max() < 0.7


def test_a_broken_correlation_is_blamed_on_its_sensor(vae: SeriesVae) -> None:
    """Each value is usual on its own: one sensor goes on with another run's readings."""
    values = machine(400, 6)
    values[200:, 1] = -values[200:, 1]
    found = vae.score(values)
    for scores in (found.now, found.settled):
        assert np.median(scores.score[216:]) > np.quantile(scores.score[16:200], 0.9)
        assert scores.parts[216:].mean(axis=0).argmax() == 1


def test_a_forecast_charges_the_step_that_was_not_foreseen() -> None:
    detector = fitted([machine(900, 1)], horizon=4)
    assert (detector.context, detector.delay) == (20, 15)
    plain = SeriesVae(SeriesVaeParams(**{**QUICK, "horizon": 4, "forecast_weight": 0}), seed=1)
    plain.fit([machine(900, 1)], Progress())
    values = machine(200, 3)
    values[100:, 0] += 3
    rise = detector.score(values).now.score - plain.score(values).now.score
    assert rise[100:104].mean() > rise[20:100].mean() + 0.5
