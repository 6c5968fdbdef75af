"""Every series detector of the registry keeps the contract of ``core.detectors.series.contract``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.detectors.registry import build_series, of, parameters
from core.errors import Cancelled
from core.progress import Progress
from tests.detectors.series.check import check_series_detector, machine

# The least work that still exercises the code.
QUICK: dict[str, list[dict[str, Any]]] = {
    "arima": [{"max_p": 1, "max_q": 1}],
    "kalman": [{"patience": 30}, {"model": "trend"}],
    "pca-t2q": [{}, {"window": 5}],
    "kmeans": [{"window": 8, "clusters": 5}],
    "series-vae": [
        {"window": 16, "width": 8, "latent": 4, "steps": 100, "batch_size": 32},
        {"window": 16, "width": 8, "latent": 4, "steps": 100, "batch_size": 32, "horizon": 4, "error": "mae"},
        {"window": 16, "latent": 4, "steps": 100, "batch_size": 32, "encoder": "transformer"},
    ],
    "usad": [{"epochs": 4, "epoch_steps": 20, "batch_size": 64}],
    "iforest": [{"trees": 30}, {"trees": 30, "window": 4}],
}
CASES = [(name, values) for name, cases in QUICK.items() for values in cases]


def test_every_series_detector_has_quick_parameters() -> None:
    assert set(QUICK) == set(of("series"))


@pytest.mark.parametrize(("name", "values"), CASES)
def test_it_keeps_the_contract(name: str, values: dict[str, Any], tmp_path: Path) -> None:
    check_series_detector(lambda: build_series(name, parameters(name, values), seed=3), tmp_path)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_a_fit_can_be_cancelled(name: str) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        build_series(name, parameters(name, QUICK[name][0])).fit([machine(300, 1)], Progress(checkpoint=stop))


@pytest.mark.parametrize("name", sorted(QUICK))
def test_sensors_that_never_move_can_be_learned_from(name: str) -> None:
    detector = build_series(name, parameters(name, QUICK[name][0]))
    detector.fit([np.zeros((200, 3), np.float32)], Progress())
    values = np.zeros((60, 3), np.float32)
    assert np.isfinite(detector.score(values).now.score).all()
    values[40:, 1] = 5
    found = detector.score(values).now
    assert np.isfinite(found.score).all()
    assert np.isfinite(found.parts).all()
