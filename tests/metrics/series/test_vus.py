"""VUS against TSB-AD 1.5 and against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.series.vus import vus
from tests.metrics.series.cases import WAVES, mask, wave

# TSB-AD 1.5, generate_curve(labels, scores, window, "opt", 250): buffer, VUS-PR, VUS-ROC
TSB_AD = [
    (20, 0.47104498758863544, 0.7989963080494943),
    (15, 0.40058904348844576, 0.8149734934984127),
    (100, 0.8966737456896827, 0.9510793684646134),
    (0, 0.27939050282176464, 0.6791812865497076),
]


@pytest.mark.parametrize(("series", "expected"), list(zip(WAVES, TSB_AD, strict=True)))
def test_agrees_with_tsb_ad(series: tuple, expected: tuple[int, float, float]) -> None:
    found = vus(*wave(*series), window=expected[0])
    assert found is not None
    assert found.pr == pytest.approx(expected[1], abs=1e-12)
    assert found.roc == pytest.approx(expected[2], abs=1e-12)
    assert found.window == expected[0]


@given(st.integers(0, 500), st.integers(0, 24), st.booleans())
def test_agrees_with_its_definition(seed: int, window: int, coarse: bool) -> None:
    """One threshold, one buffer and one event at a time, events at the borders and close together included."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 80))
    labels = np.zeros(n, bool)
    for start in rng.integers(0, n, 3):
        labels[start : start + rng.integers(1, 6)] = True
    scores = rng.normal(size=n) + labels
    if coarse:
        scores = np.round(scores)
    found = vus(scores, labels, window=window, thresholds=12)
    assert found is not None
    assert (found.pr, found.roc) == pytest.approx(_by_definition(scores, labels, window, 12), abs=1e-12)


def _by_definition(scores: np.ndarray, labels: np.ndarray, window: int, thresholds: int) -> tuple[float, float]:
    n = len(scores)
    edges = np.flatnonzero(np.diff(labels.astype(int), prepend=0, append=0)).reshape(-1, 2)
    cuts = np.sort(scores)[::-1][np.linspace(0, n - 1, thresholds).astype(int)]
    prs, rocs = [], []
    for width in range(window + 1):
        half = width // 2
        soft = labels.astype(float)
        for start, stop in edges:
            for step in range(n):
                away = max(start - step, step - stop + 1, 0)
                if 0 < away <= half:
                    soft[step] += np.sqrt(1 - away / width)
        soft = np.minimum(soft, 1)
        grown = np.zeros(n, bool)
        for start, stop in edges:
            grown[max(start - half, 0) : stop + half] = True
        # Buffers that lie side by side without a step between them are two events still.
        groups, last = [], None
        for start, stop in edges:
            if last is not None and last - 1 + half >= start - half:
                groups[-1][1] = stop + half
            else:
                groups.append([max(start - half, 0), stop + half])
            last = stop
        points = [(0.0, 0.0, 1.0)]
        for cut in cuts:
            flagged = scores >= cut
            hits = float(soft @ flagged)
            mass = labels.sum() + soft[flagged & ~labels].sum() / 2
            touched = np.mean([flagged[a:b].any() for a, b in groups])
            points.append((min(hits / mass, 1) * touched, (flagged.sum() - hits) / (n - mass), hits / flagged.sum()))
        tpr, fpr, precision = (np.array(column) for column in zip(*points, strict=True))
        prs.append(np.diff(tpr) @ precision[1:])
        x, y = np.append(fpr, 1), np.append(tpr, 1)
        rocs.append(np.diff(x) @ (y[1:] + y[:-1]) / 2)
    return float(np.mean(prs)), float(np.mean(rocs))


def test_perfect_inverted_and_constant_scores() -> None:
    labels = mask(2000, (500, 600), (1500, 1550))
    perfect, inverted, constant = (vus(scores, labels, window=0) for scores in (labels, ~labels, np.zeros(2000)))
    assert perfect is not None and inverted is not None and constant is not None
    assert perfect.roc == pytest.approx(1) and perfect.pr == pytest.approx(1)
    assert inverted.roc < 0.01 and inverted.pr < 0.1
    assert constant.roc == pytest.approx(0.5) and constant.pr == pytest.approx(labels.mean())


def test_buffers_reward_near_misses() -> None:
    labels = mask(3000, (1000, 1050))
    early = np.roll(labels, -40).astype(float)
    far = np.roll(labels, -400).astype(float)
    near_vus, far_vus = vus(early, labels), vus(far, labels)
    assert near_vus is not None and far_vus is not None
    assert near_vus.pr > far_vus.pr + 0.2


@given(st.integers(0, 50))
def test_only_the_order_of_scores_matters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(size=300), mask(300, (50, 70), (200, 230))
    assert vus(scores, labels, window=10) == vus(np.exp(3 * scores) - 7, labels, window=10)


def test_random_scores_get_the_share_of_anomalous_steps() -> None:
    labels = mask(20_000, (3000, 4000))
    found = vus(np.random.default_rng(0).random(20_000), labels, window=0)
    assert found is not None
    assert found.pr == pytest.approx(0.05, abs=0.01)
    assert found.roc == pytest.approx(0.5, abs=0.03)


def test_every_tenth_buffer_is_near_the_whole() -> None:
    scores, labels = wave(3000, [(500, 600), (2000, 2020)], 1.0)
    whole, coarse = vus(scores, labels), vus(scores, labels, every=10)
    assert whole is not None and coarse is not None
    assert coarse.pr == pytest.approx(whole.pr, abs=0.02)


def test_none_where_all_steps_have_one_label() -> None:
    assert vus(np.arange(9.0), np.zeros(9, bool)) is None
    assert vus(np.arange(9.0), np.ones(9, bool)) is None


def test_refuses_what_cannot_be_measured() -> None:
    labels = mask(9, (2, 4))
    with pytest.raises(ValueError, match="finite"):
        vus(np.full(9, np.nan), labels)
    with pytest.raises(ValueError, match="length"):
        vus(np.zeros(8), labels)
    with pytest.raises(ValueError, match="buffer"):
        vus(np.zeros(9), labels, window=-1)
