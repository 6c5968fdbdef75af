"""Pixel metrics against scikit-learn and against a slow, literal threshold loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from core.metrics import pixels


def literal_aupro(images, limit=0.3):
    """The definition, word for word: for every threshold the mean region overlap and the false-positive rate."""
    found_regions, outside = [], []
    for found, mask in images:
        inside = np.zeros(found.shape, bool) if mask is None else mask
        labels, count = ndimage.label(inside, structure=np.ones((3, 3)))
        found_regions += [found[labels == k] for k in range(1, count + 1)]
        outside.append(found[~inside])
    background = np.concatenate(outside)
    points = [(0.0, 0.0)]
    for threshold in np.unique(np.concatenate([found.ravel() for found, _ in images]))[::-1]:
        overlap = np.mean([np.mean(region >= threshold) for region in found_regions])
        points.append((np.mean(background >= threshold), overlap))
    x, y = np.array(points).T
    inner = x <= limit
    # The first point beyond the limit closes the curve; of several at one x the last before it counts.
    beyond = int(np.argmax(~inner)) if (~inner).any() else None
    xs, ys = x[inner], y[inner]
    if beyond is not None and xs[-1] < limit:
        share = (limit - xs[-1]) / (x[beyond] - xs[-1])
        xs, ys = np.append(xs, limit), np.append(ys, ys[-1] + share * (y[beyond] - ys[-1]))
    return np.trapezoid(ys, xs) / limit


def made(seed: int, *, levels: int | None, n: int = 6, noise: float = 1.0):
    """Images with several regions each; ``levels`` quantises the maps so that ties are everywhere."""
    rng = np.random.default_rng(seed)
    images = []
    for i in range(n):
        shape = (12 + i, 17)
        mask = ndimage.binary_opening(rng.random(shape) < 0.55) if i % 2 else None
        signal = 0 if mask is None else 1.5 * mask
        found = (rng.normal(size=shape) * noise + signal).astype(np.float32)
        if levels:
            found = np.round(found * levels).astype(np.float32) / levels
        images.append((found, mask))
    return images


def flat(images):
    truth = np.concatenate([(np.zeros(m.shape, bool) if t is None else t).ravel() for m, t in images])
    return truth, np.concatenate([found.ravel() for found, _ in images])


@pytest.mark.parametrize("levels", [None, 4, 1])
@pytest.mark.parametrize("seed", range(4))
def test_exact_against_the_oracles(seed, levels):
    images = made(seed, levels=levels)
    result = pixels.pixel_metrics(images)
    assert result.auroc == pytest.approx(roc_auc_score(*flat(images)), abs=1e-9)
    assert result.aupro == pytest.approx(literal_aupro(images), abs=1e-9)
    assert result.n_images == len(images)


@pytest.mark.parametrize("limit", [0.05, 0.5, 1.0])
def test_other_limits(limit):
    images = made(3, levels=3)
    assert pixels.pixel_metrics(images, limit=limit).aupro == pytest.approx(literal_aupro(images, limit), abs=1e-9)


def test_blocks_do_not_change_the_result(monkeypatch):
    images = made(1, levels=5)
    whole = pixels.pixel_metrics(images)
    monkeypatch.setattr(pixels, "BLOCK", 100)
    assert pixels.pixel_metrics(images) == whole


def test_a_perfect_map_scores_one_a_constant_map_is_a_guess():
    mask = np.zeros((8, 8), bool)
    mask[2:4, 2:4] = mask[4, 4] = True  # touches over the corner: one region
    mask[7, 7] = True
    perfect = pixels.pixel_metrics([(mask.astype(np.float32), mask), (np.zeros((8, 8), np.float32), None)])
    assert (perfect.auroc, perfect.aupro, perfect.n_regions) == (1, 1, 2)
    constant = pixels.pixel_metrics([(np.ones((8, 8), np.float32), mask)])
    assert constant.auroc == pytest.approx(0.5)
    assert constant.aupro == pytest.approx(0.15)


def test_a_small_region_counts_as_much_as_a_large_one():
    mask = np.zeros((10, 10), bool)
    mask[:5] = True
    mask[8, 8] = True
    found = np.zeros((10, 10), np.float32)
    found[:5] = 1  # the large region is found, the single pixel is not
    result = pixels.pixel_metrics([(found, mask)])
    assert result.aupro == pytest.approx(0.5 + 0.5 * 0.15)


@pytest.mark.parametrize("masks", [[None, None], [np.zeros((4, 4), bool), None]])
def test_without_defect_pixels_there_is_no_metric(masks):
    result = pixels.pixel_metrics([(np.ones((4, 4), np.float32), mask) for mask in masks], histograms=True)
    assert result.auroc is None
    assert result.aupro is None
    assert result.n_regions == 0


def test_without_background_there_is_no_metric():
    result = pixels.pixel_metrics([(np.ones((4, 4), np.float32), np.ones((4, 4), bool))])
    assert (result.auroc, result.aupro) == (None, None)


def test_no_images():
    assert pixels.pixel_metrics([], histograms=True).auroc is None


def test_bad_input_is_refused():
    ok = np.ones((4, 4), np.float32)
    with pytest.raises(ValueError, match="does not fit"):
        pixels.pixel_metrics([(ok, np.ones((3, 4), bool))])
    with pytest.raises(ValueError, match="not finite"):
        pixels.pixel_metrics([(ok * np.nan, None)])
    with pytest.raises(TypeError, match="twice"):
        pixels.pixel_metrics(iter([(ok, None)]))
    with pytest.raises(ValueError, match="false-positive rate"):
        pixels.pixel_metrics([(ok, None)], limit=0)


def test_histograms_hold_every_pixel_once():
    images = made(2, levels=None)
    kept = pixels.pixel_metrics(images, histograms=True).histograms
    for row, (found, mask) in enumerate(images):
        inside = 0 if mask is None else int(mask.sum())
        assert kept.defect[row].sum() == inside
        assert kept.background[row].sum() == found.size - inside
        assert kept.region[row].sum() == pytest.approx(kept.regions[row], rel=1e-5)
