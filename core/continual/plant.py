"""A synthetic plant: vibration, images and event logs of the same moments, with known densities and severities.

All three see one machine. A common load drives them (that is what pairs them in normal running), and a fault shows in
those that it would show in: a bearing in vibration and in the log, a loose mount in vibration and as blur, a storm of
events in the log alone, a scratch in the image alone. In normal running, band levels are Gaussian, the logarithm of the
image covariance is Gaussian, and events are a Markov jump process: ``Law`` holds the parameters.

Regimes disagree. What is normal moves from one to the next by as much as a fault moves it, and a fault shows another
face: a quarter turn on, so that in the third regime it lowers the levels that it raised in the first (a resonance has
moved, a scratch is dark on a bright product). Whoever learns the regimes together can tell them apart by the rest of
the descriptor; whoever learns them one after the other, and forgets, is wrong about the earlier ones. The size of the
effects was chosen on one seed so that fine-tuning, ER and joint training differ; no other method was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.continual import rendering
from core.continual.descriptors import Describe, band_levels, event_counts, pair_covariance
from core.continual.source import Drawn, Part, Source
from core.continual.types import View

FAULTS = ("normal", "bearing fault", "loose mount", "log storm", "visual scratch")
LENGTH, BANDS = 256, 15  # samples of a window, bands of its spectrum
SIDE, CHANNELS = 16, 6  # pixels of a picture, dimensions of its covariance
STATES, EVENTS = 8, 40  # of a log, the last state being «unknown», and of a window of it
LEVEL_SD, LOAD_SD = 0.5, 0.4  # of a band level on its own, and by the load
TANGENT_SD, TANGENT_LOAD = 0.25, 0.15  # the same of the log covariance
PACE_LOAD = 0.15  # log pace of events by the load
REGIME_SD = 1.0  # of a band level's mean between regimes
GRADES = (0.7, 1.3)  # how strongly a fault shows, drawn evenly
BANDS_HIT = 3  # by a fault, in each of its two patterns
LEVEL_SHIFT, SCRATCH, BLUR = 1.7, 1.7, 0.25  # at difficulty 1
WARNS, STORMS, HURRIES = 0.8, 2.0, 0.5  # what is added to 1 to give the factor of a rate
STORM = ([4, 5], [1, 2], [0, 3], [2, 5])  # states that a storm runs through, by regime


@dataclass(frozen=True, eq=False)
class Law:
    """Normal running in one regime. The image's tangent is the symmetric logarithm of its covariance."""

    mean: NDArray[np.float64]  # (16,) of the vibration descriptor
    loading: NDArray[np.float64]  # (16,) by the load, N(0, 1)
    tangent: NDArray[np.float64]  # (6, 6) mean logarithm
    tangent_loading: NDArray[np.float64]  # (6, 6)
    rates: NDArray[np.float64]  # (8, 8) generator at load 0

    @property
    def covariance(self) -> NDArray[np.float64]:
        """(16, 16) of the vibration descriptor."""
        return LEVEL_SD**2 * np.eye(BANDS + 1) + np.outer(self.loading, self.loading)


class Plant:
    """The geometry that all tasks of a seed share: regimes and what faults look like."""

    def __init__(self, regimes: int, seed: int, difficulty: float = 1.0) -> None:
        generator = np.random.default_rng([seed, 1])
        base = np.concatenate([[0.0], -2.0 - 0.12 * np.arange(BANDS)])
        loading = np.concatenate([[0.0], LOAD_SD * generator.choice((-1, 1), BANDS)])
        tangent_loading = TANGENT_LOAD * _symmetric(generator.standard_normal((CHANNELS, CHANNELS)))
        usual = _rates(generator)
        laws = []
        for _ in range(regimes):
            mean = base + REGIME_SD * np.concatenate([[0.0], generator.standard_normal(BANDS)])
            tangent = -0.7 * np.eye(CHANNELS) + 0.4 * _symmetric(generator.standard_normal((CHANNELS, CHANNELS)))
            rates = _generator(usual * np.exp(0.4 * generator.standard_normal(usual.shape)))
            laws.append(Law(mean, loading, tangent, tangent_loading, rates))
        self.laws = tuple(laws)
        self.seed, self.difficulty = seed, difficulty
        self._levels = generator.permutation(np.arange(1, BANDS + 1))[: 4 * BANDS_HIT].reshape(2, 2, BANDS_HIT)
        scratches = _symmetric(generator.standard_normal((2, CHANNELS, CHANNELS)))
        self._scratches = SCRATCH * scratches / np.linalg.norm(scratches, axis=(1, 2), keepdims=True)

    def source(self, regime: int) -> PlantSource:
        return PlantSource(self, regime)

    def level_shift(self, regime: int) -> NDArray[np.float64]:
        """(faults, 16) of the vibration descriptor, for a bearing and a loose mount."""
        shift = np.zeros((len(FAULTS), BANDS + 1))
        for fault, bands in ((1, self._levels[0]), (2, self._levels[1])):
            patterns = np.zeros((2, BANDS + 1))
            patterns[0, bands[0]] = patterns[1, bands[1]] = LEVEL_SHIFT
            shift[fault] = _turned(patterns, regime)
        return shift / self.difficulty

    def tangent_shift(self, regime: int) -> NDArray[np.float64]:
        """(faults, 6, 6) of the log covariance: a loose mount blurs (neighbouring pixels become alike), a scratch is
        brighter or darker, in one colour or another."""
        shift = np.zeros((len(FAULTS), CHANNELS, CHANNELS))
        shift[2] = BLUR * np.kron([[0.0, 1.0], [1.0, 0.0]], np.eye(CHANNELS // 2))
        shift[4] = _turned(self._scratches, regime)
        return shift / self.difficulty

    def rates_by_fault(self, regime: int) -> NDArray[np.float64]:
        """(faults, 8, 8): a bearing warns (state 6) more often, a storm runs through two states, faster."""
        rates = np.repeat(self.laws[regime].rates[None] * (1 - np.eye(STATES)), len(FAULTS), axis=0)
        rates[1, :, 6] *= 1 + WARNS / self.difficulty
        rates[3][:, STORM[regime % len(STORM)]] *= 1 + STORMS / self.difficulty
        rates[3] *= 1 + HURRIES / self.difficulty
        return np.stack([_generator(one) for one in rates])


class PlantSource(Source):
    """One regime of the plant."""

    def __init__(self, plant: Plant, regime: int) -> None:
        self.name = f"regime {regime + 1}"
        self.law = plant.laws[regime]
        self.describe: Mapping[View, Describe] = {
            "vibration": lambda raw: band_levels(raw, BANDS),
            "image": pair_covariance,
            "log": lambda raw: event_counts(raw, STATES),
        }
        self._levels, self._tangents = plant.level_shift(regime), plant.tangent_shift(regime)
        self._rates = plant.rates_by_fault(regime)

    def faults(self, part: Part) -> NDArray[np.int64]:
        return np.arange(len(FAULTS))

    def draw(self, fault: NDArray[np.int64], part: Part, generator: np.random.Generator) -> Drawn:
        n, law = len(fault), self.law
        load = generator.standard_normal(n)
        grade = generator.uniform(*GRADES, n)
        levels = law.mean + load[:, None] * law.loading + LEVEL_SD * generator.standard_normal((n, BANDS + 1))
        levels += grade[:, None] * self._levels[fault]
        own = TANGENT_SD * _symmetric(generator.standard_normal((n, CHANNELS, CHANNELS)))
        tangent = law.tangent + load[:, None, None] * law.tangent_loading + own
        tangent += grade[:, None, None] * self._tangents[fault]
        return Drawn(
            {
                "vibration": rendering.waves(levels, LENGTH, generator),
                "image": rendering.pictures(_exponential(tangent), SIDE, fault == 4, generator),
                "log": rendering.paths(self._rates[fault], np.exp(PACE_LOAD * load), EVENTS, generator),
            }
        )


def _turned(patterns: NDArray[np.float64], regime: int) -> NDArray[np.float64]:
    """The first of two patterns, the second, the first reversed, the second reversed, and so on."""
    return np.asarray(patterns[regime % 2] * (-1 if regime % 4 >= 2 else 1))


def _symmetric(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian orthogonal ensemble: variance 1 on the diagonal, 1/2 beside it."""
    upper = np.triu(values, 1) / np.sqrt(2)
    diagonal = values * np.eye(values.shape[-1])
    return np.asarray(upper + np.swapaxes(upper, -1, -2) + diagonal)


def _exponential(tangents: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(tangents)
    return np.asarray((vectors * np.exp(values)[:, None, :]) @ np.swapaxes(vectors, -1, -2))


def _rates(generator: np.random.Generator) -> NDArray[np.float64]:
    """Transitions per second between the usual states; nothing leads to «unknown»."""
    rates = np.exp(generator.normal(np.log(0.1), 0.7, (STATES, STATES)))
    rates[:, -1] = rates[-1] = 0.0
    return rates


def _generator(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """With a diagonal that makes rows sum to 0."""
    off = rates * (1 - np.eye(len(rates)))
    return np.asarray(off - np.diag(off.sum(axis=1)))
