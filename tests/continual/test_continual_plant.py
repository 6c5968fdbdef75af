"""The plant: raw data have the descriptors that they were made from, and the densities that are promised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import logm
from scipy.stats import kstest

from core.continual import rendering
from core.continual.descriptors import band_edges, band_levels, event_counts, feature_covariance, pair_covariance
from core.continual.plant import BANDS, EVENTS, FAULTS, LENGTH, STATES, Plant
from core.continual.source import described
from core.metrics.ranking import auroc


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("length", "bands"), [(256, 15), (64, 8), (64, 31), (2048, 40)])
def test_bands_are_as_many_as_asked_and_none_is_empty(length: int, bands: int) -> None:
    edges = band_edges(length, bands)
    assert len(edges) == bands + 1 and (np.diff(edges) > 0).all()
    assert edges[0] == 1 and edges[-1] == length // 2
    with pytest.raises(ValueError, match="fewer"):
        band_edges(16, 8)


def test_waves_have_the_levels_that_were_asked_for() -> None:
    levels = generator().normal(-2, 1, (5, BANDS + 1))
    waves = rendering.waves(levels, LENGTH, generator(1))
    assert np.allclose(band_levels(waves, BANDS), levels, atol=1e-4)


def test_levels_are_those_of_a_sine() -> None:
    wave = (0.5 + 3 * np.sin(2 * np.pi * 8 * np.arange(256) / 256)).astype(np.float32)[None, :, None]
    found = band_levels(wave, BANDS)[0]
    band = int(np.searchsorted(band_edges(256, BANDS), 8, "right")) - 1
    assert found[0] == pytest.approx(0.5, abs=1e-6)
    assert found[1 + band] == pytest.approx(np.log(4.5), abs=1e-4)


def test_pictures_have_the_covariance_that_was_asked_for() -> None:
    mixing = generator().standard_normal((4, 6, 6))
    wanted = mixing @ mixing.transpose(0, 2, 1) + np.eye(6)
    pictures = rendering.pictures(wanted, 16, np.array([False, True, False, True]), generator(1))
    assert np.allclose(pair_covariance(pictures), wanted, rtol=1e-3, atol=1e-3)


def test_paths_follow_their_generator() -> None:
    """Holding times are exponential with the exit rate, and counts over time give the rates back (N / R)."""
    law = Plant(1, 3).laws[0]
    n = 2000
    paths = rendering.paths(np.repeat(law.rates[None], n, axis=0), np.ones(n), EVENTS, generator())
    state, held = paths[..., 0].astype(int), paths[..., 1]
    exits = -np.diag(law.rates)
    assert kstest(held[state == 2] * exits[2], "expon").pvalue > 1e-3
    assert not (state == STATES - 1).any(), "nothing leads to «unknown»"
    counts = event_counts(paths, STATES).sum(axis=0)
    closed = counts[:, -1] - np.bincount(state[:, -1], held[:, -1], STATES)  # the last stay is not seen to end
    usual = slice(0, STATES - 1)
    estimate = counts[usual, usual] / closed[usual, None]
    off = ~np.eye(STATES - 1, dtype=bool)
    assert np.abs(estimate[off] / law.rates[usual, usual][off] - 1).max() < 0.2


def test_counts_of_events_by_hand() -> None:
    events = np.array([[[0, 1.0], [0, 0.5], [2, 2.0], [1, 4.0], [0, 1.0]]], np.float32)
    found = event_counts(events, 4)[0]
    assert found[0, 2] == found[2, 1] == found[1, 0] == 1 and found[:, :4].sum() == 3
    assert found[:, 4].tolist() == [2.5, 4.0, 2.0, 0.0]


def test_normal_running_has_the_law_that_is_told() -> None:
    source = Plant(2, 0).source(1)
    n = 3000
    views = described(source.describe, source.draw(np.zeros(n, np.int64), "train", generator()).raw)
    levels, law = views["vibration"], source.law
    assert np.abs(levels.mean(axis=0) - law.mean).max() < 5 * 0.65 / np.sqrt(n)
    assert np.abs(np.cov(levels.T) - law.covariance).max() < 0.05
    values, vectors = np.linalg.eigh(views["image"].astype(np.float64))
    tangents = (vectors * np.log(values)[:, None]) @ vectors.transpose(0, 2, 1)
    assert np.allclose(tangents[0], logm(views["image"][0].astype(np.float64)), atol=1e-4)
    assert np.abs(tangents.mean(axis=0) - law.tangent).max() < 0.03


def test_faults_show_where_they_would_and_the_load_pairs_the_modalities() -> None:
    source = Plant(1, 0).source(0)
    fault = np.repeat(np.arange(len(FAULTS)), 300)
    views = described(source.describe, source.draw(fault, "train", generator()).raw)
    shifts = np.abs(views["vibration"].reshape(len(FAULTS), 300, -1).mean(axis=1) - source.law.mean).max(axis=1)
    assert (shifts[[1, 2]] > 0.5).all() and (shifts[[0, 3, 4]] < 0.15).all()
    busy = views["log"][:, 4:6, -1].sum(axis=1)
    assert auroc(-views["log"][..., -1].sum(axis=1)[fault != 1], (fault == 3)[fault != 1]) > 0.6
    assert np.isfinite(busy).all()
    normal = fault == 0
    level = (views["vibration"][normal] - source.law.mean) @ source.law.loading
    pace = -np.log(views["log"][normal][..., -1].sum(axis=1))
    assert np.corrcoef(level, pace)[0, 1] > 0.2, "the common load shows in both"


def test_the_same_seed_is_the_same_plant() -> None:
    first, second, other = Plant(2, 5), Plant(2, 5), Plant(2, 6)
    assert np.array_equal(first.laws[1].mean, second.laws[1].mean)
    assert not np.array_equal(first.laws[1].mean, other.laws[1].mean)
    drawn = [plant.source(0).draw(np.arange(5), "probe", generator(1)).raw["image"] for plant in (first, second)]
    assert np.array_equal(*drawn)


def test_covariances_of_features_are_definite_even_from_few_patches() -> None:
    features = generator().standard_normal((2, 5, 30)).astype(np.float32)
    found = feature_covariance(features, np.eye(30, 16, dtype=np.float32))
    assert (np.linalg.eigvalsh(found.astype(np.float64)) > 0).all()
