"""The guessing row against plain simulation."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.chance import random_scores
from core.metrics.ranking import auprc


def test_mean_average_precision_is_exact():
    rng = np.random.default_rng(0)
    truth = np.arange(20) < 6
    simulated = np.mean([auprc(rng.random(20), truth) for _ in range(1000)])
    assert random_scores(14, 6, 0.05)["image_auprc"] == pytest.approx(simulated, abs=0.015)
    assert random_scores(0, 3, 0.05)["image_auprc"] is None
    assert random_scores(1, 1, 0.05)["image_auprc"] == pytest.approx(0.75)


def test_known_values():
    row = random_scores(5000, 5000, 0.05, resamples=20)
    assert (row["image_auroc"], row["pixel_auroc"], row["aupro"]) == (0.5, 0.5, 0.15)
    assert row["image_auprc"] == pytest.approx(0.5, abs=1e-3)
    assert row["image_f1"] == pytest.approx(2 * 0.05 * 0.5 / 0.55, abs=0.01)
    assert row["image_f1_max"] == pytest.approx(2 / 3, abs=0.01)  # flag everything


def test_one_class_has_no_baseline():
    assert set(random_scores(10, 0, 0.05).values()) == {None}
