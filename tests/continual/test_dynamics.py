"""Dynamics of vibration, images and logs: closed forms, what a horizon of 0 does, and that labels stay true."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from core.continual.dynamics import ctmc, spd
from core.continual.dynamics.contract import ModalityDynamics, Motion
from core.continual.dynamics.ctmc import JumpProcess
from core.continual.dynamics.langevin import VibrationSde
from core.continual.dynamics.spd import SpdFlow
from core.errors import UserError


def _generator(rng: np.random.Generator, k: int = 5) -> np.ndarray:
    rates = rng.uniform(0.2, 2, (k, k)) * (1 - np.eye(k))
    return rates - np.diag(rates.sum(axis=1))


def _statistics(generator: np.ndarray, events: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Transition counts and holding times of one path."""
    k, state = len(generator), 0
    counts, holds = np.zeros((k, k)), np.zeros(k)
    for _ in range(events):
        holds[state] += rng.exponential(-1 / generator[state, state])
        chances = generator[state].clip(0)
        after = rng.choice(k, p=chances / chances.sum())
        counts[state, after] += 1
        state = after
    return counts, holds


def _windows(generator: np.ndarray, n: int, events: int, rng: np.random.Generator) -> np.ndarray:
    parts = [_statistics(generator, events, rng) for _ in range(n)]
    return np.stack([np.concatenate([counts, holds[:, None]], axis=1) for counts, holds in parts]).astype(np.float32)


def _spd(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    roots = rng.standard_normal((n, d, 3 * d))
    return roots @ roots.transpose(0, 2, 1) / (3 * d)


def _motion(n: int, horizon: float, anomalous: bool = False, sigma: float = 0.25, radius: float = np.inf) -> Motion:
    flags = np.full(n, anomalous)
    return Motion(np.full(n, horizon, np.float32), sigma, 0.25, flags, np.linspace(0, 1, n, dtype=np.float32), radius)


def _fitted(kind: type[ModalityDynamics], rng: np.random.Generator) -> tuple[ModalityDynamics, np.ndarray]:
    raw = {
        VibrationSde: lambda: rng.standard_normal((200, 6)) * [1, 10, 0.1, 1, 1, 5] + 3,
        SpdFlow: lambda: _spd(rng, 200, 4),
        JumpProcess: lambda: _windows(_generator(np.random.default_rng(9), 4), 200, 30, rng),
    }[kind]().astype(np.float32)  # type: ignore[index]
    dynamics = kind(raw.shape[1:])
    rows = dynamics.encode(raw)
    dynamics.fit(rows)
    return dynamics, rows


KINDS = (VibrationSde, SpdFlow, JumpProcess)


@pytest.mark.parametrize("kind", KINDS)
def test_a_horizon_of_0_changes_no_bit(kind: type[ModalityDynamics]) -> None:
    dynamics, rows = _fitted(kind, np.random.default_rng(0))
    push = np.random.default_rng(1).standard_normal((len(rows), dynamics.width)).astype(np.float32)
    moved = dynamics.transform(rows, _motion(len(rows), 0.0), push, np.random.default_rng(2))
    assert np.array_equal(moved, rows)


@pytest.mark.parametrize("kind", KINDS)
def test_embedding_is_standard_and_motion_stays_within_its_radius(kind: type[ModalityDynamics]) -> None:
    dynamics, rows = _fitted(kind, np.random.default_rng(0))
    seen = dynamics.embed(rows)
    assert np.abs(seen.mean(axis=0)).max() < 0.4
    assert 0.5 < np.median(seen.std(axis=0)) < 1.5
    push = np.random.default_rng(1).standard_normal(seen.shape).astype(np.float32)
    moved = dynamics.transform(rows, _motion(len(rows), 0.5, radius=0.3), push, np.random.default_rng(2))
    apart = np.sqrt(((dynamics.embed(moved) - seen) ** 2).sum(axis=1))
    assert apart.max() <= 0.3 + 1e-3
    assert np.diag(dynamics.distance(rows, moved)) == pytest.approx(apart, abs=2e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_it_resumes_bit_identically(kind: type[ModalityDynamics]) -> None:
    first, rows = _fitted(kind, np.random.default_rng(0))
    first.follow(rows[:20], 0.1)
    second = kind(first.shape)
    second.restore(first.arrays())
    push = np.ones((len(rows), first.width), np.float32)
    moved = [one.transform(rows, _motion(len(rows), 0.3), push, np.random.default_rng(3)) for one in (first, second)]
    assert np.array_equal(moved[0], moved[1])


def test_a_push_of_a_short_horizon_is_a_step_along_it() -> None:
    dynamics, rows = _fitted(VibrationSde, np.random.default_rng(0))
    push = np.zeros((len(rows), 6), np.float32)
    push[:, 2] = 7.0  # its length does not matter
    moved = dynamics.transform(
        rows, _motion(len(rows), 0.05, anomalous=True, sigma=0.0), push, np.random.default_rng(1)
    )
    step = (moved - rows) / rows.std(axis=0)
    assert step[:, 2] == pytest.approx(0.05, abs=2e-3)
    assert np.abs(np.delete(step, 2, axis=1)).max() < 1e-4


def test_the_langevin_form_leaves_the_normals_as_they_are_for_any_sigma_and_the_published_one_does_not() -> None:
    spreads = {}
    for form in ("langevin", "diffusion_only"):
        dynamics, rows = _fitted(VibrationSde, np.random.default_rng(0))
        still = np.zeros((len(rows), 6), np.float32)
        motion = Motion(
            np.full(len(rows), 40, np.float32), 1.0, 0.25, np.zeros(len(rows), bool), still[:, 0], np.inf, form
        )  # type: ignore[arg-type]
        moved = dynamics.transform(rows, motion, still, np.random.default_rng(1))
        spreads[form] = float(np.median(moved.std(axis=0) / rows.std(axis=0)))
    assert spreads["langevin"] == pytest.approx(1.0, abs=0.1)
    assert spreads["diffusion_only"] > 2


def test_logarithm_and_exponential_are_those_of_scipy_and_invert_each_other() -> None:
    matrices = _spd(np.random.default_rng(0), 12, 6)
    logs = spd.logarithm(matrices)
    assert logs == pytest.approx(np.stack([scipy.linalg.logm(one) for one in matrices]), abs=1e-9)
    assert spd.exponential(logs) == pytest.approx(matrices, abs=1e-10)
    assert spd.exponential(logs) == pytest.approx(np.stack([scipy.linalg.expm(one) for one in logs]), abs=1e-9)


def test_vectors_are_isometric_and_invert() -> None:
    first, second = _spd(np.random.default_rng(1), 5, 4), _spd(np.random.default_rng(2), 5, 4)
    vectors = spd.vectorise(spd.logarithm(first)), spd.vectorise(spd.logarithm(second))
    assert np.linalg.norm(vectors[0] - vectors[1], axis=1) == pytest.approx(spd.log_euclidean(first, second))
    assert spd.matricise(vectors[0]) == pytest.approx(spd.logarithm(first))


def test_a_flow_of_any_size_stays_positive_definite() -> None:
    dynamics, rows = _fitted(SpdFlow, np.random.default_rng(0))
    assert isinstance(dynamics, SpdFlow)
    push = np.random.default_rng(1).standard_normal(rows.shape).astype(np.float32)
    moved = dynamics.transform(rows, _motion(len(rows), 5.0, anomalous=True, sigma=3.0), push, np.random.default_rng(2))
    assert np.linalg.eigvalsh(dynamics.decode(moved)).min() > 0


def test_what_is_not_positive_definite_is_refused_and_a_gap_stays_a_gap() -> None:
    with pytest.raises(UserError, match="not positive definite"):
        spd.logarithm(-np.eye(3)[None])
    raw = _spd(np.random.default_rng(0), 3, 4).astype(np.float32)
    raw[1] = np.nan
    rows = SpdFlow((4, 4)).encode(raw)
    assert np.isnan(rows[1]).all()
    assert np.isfinite(rows[[0, 2]]).all()


def test_rates_without_a_prior_are_maximum_likelihood() -> None:
    rng = np.random.default_rng(0)
    truth = _generator(rng)
    counts, holds = _statistics(truth, 4000, rng)
    found = ctmc.posterior_rates(counts, holds)
    assert found[0, 1] == counts[0, 1] / holds[0]
    assert np.abs(found - truth).max() < 0.15 * np.abs(truth).max()
    best = ctmc.log_likelihood(counts, holds, found)
    for _ in range(20):
        other = found * np.exp(0.05 * rng.standard_normal(found.shape))
        other -= np.diag(other.sum(axis=1))
        assert ctmc.log_likelihood(counts, holds, other) < best


def test_transition_matrices_agree_with_uniformisation() -> None:
    generator = _generator(np.random.default_rng(1))
    rate = -np.diag(generator).min()
    jump = np.eye(5) + generator / rate
    term, total = np.eye(5), np.zeros((5, 5))
    for n in range(60):
        total += term * np.exp(-rate * 0.7)
        term = term @ jump * rate * 0.7 / (n + 1)
    assert scipy.linalg.expm(0.7 * generator) == pytest.approx(total, abs=1e-12)


def test_tilting_keeps_a_generator_and_favours_costly_states() -> None:
    generator = _generator(np.random.default_rng(2))
    found = ctmc.tilted(generator, np.array([0.0, 0, 2, 0, 0]), 0.5)
    assert found.sum(axis=1) == pytest.approx(0, abs=1e-12)
    assert found[0, 2] == pytest.approx(generator[0, 2] * np.e)
    assert np.array_equal(ctmc.tilted(generator, np.zeros(5), 0.5), ctmc.tilted(generator, np.ones(5), 0.5))


def test_a_log_that_runs_three_times_too_fast_is_likelier_but_deviates() -> None:
    rng = np.random.default_rng(3)
    truth = _generator(rng)
    usual, fast = _statistics(truth, 300, rng), _statistics(3 * truth, 300, rng)
    likelihood = [ctmc.log_likelihood(*one, truth) for one in (usual, fast)]
    deviance = [ctmc.deviance(one[0][None], one[1][None], truth)[0] for one in (usual, fast)]
    assert likelihood[1] > likelihood[0]
    assert deviance[1] > 5 * deviance[0]


def test_the_evidence_of_an_anomaly_is_not_edited_and_counts_stay_counts() -> None:
    dynamics, rows = _fitted(JumpProcess, np.random.default_rng(0))
    odd = rows[:50].copy().reshape(-1, 4, 5)
    odd[:, 0, 3] += 40
    odd = odd.reshape(50, -1)
    push = np.zeros((50, dynamics.width), np.float32)
    moved = dynamics.transform(odd, _motion(50, 0.7, anomalous=True), push, np.random.default_rng(1))
    counts = moved.reshape(-1, 4, 5)
    assert np.array_equal(counts[:, 0, 3], odd.reshape(-1, 4, 5)[:, 0, 3])
    assert not np.array_equal(moved, odd)
    assert np.array_equal(counts[:, :, :4], np.round(counts[:, :, :4]))
    assert (counts >= 0).all()


def test_without_noise_the_jump_process_is_its_mean() -> None:
    dynamics, rows = _fitted(JumpProcess, np.random.default_rng(0))
    push = np.zeros((len(rows), dynamics.width), np.float32)
    still = _motion(len(rows), 0.3, sigma=0.0)
    first, second = (dynamics.transform(rows, still, push, np.random.default_rng(seed)) for seed in (1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, rows)


def test_the_round_trip_is_that_of_pyriemann() -> None:
    """Where the oracle environment beside the project has it; scipy is the oracle above in any case."""
    base = pytest.importorskip("pyriemann.utils.base")
    matrices = _spd(np.random.default_rng(4), 8, 5)
    assert spd.logarithm(matrices) == pytest.approx(base.logm(matrices), abs=1e-9)
    assert spd.exponential(spd.logarithm(matrices)) == pytest.approx(base.expm(base.logm(matrices)), abs=1e-9)
