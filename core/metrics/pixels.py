"""Pixel AUROC and AUPRO, exact, from maps that are read one at a time.

Both are the area under a curve against the pixel false-positive rate. That curve only rises at values that defect
pixels take, so the area follows from counting, for each of these values, the background pixels above it: no
threshold loop, and background pixels need not be kept. Memory: about 40 bytes per *defect* pixel while these are
sorted, one block of ``BLOCK`` background pixels (64 MiB), and ``ImageHistograms`` where intervals are wanted; else it
does not grow with the number of images. The maps are read twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
Cells = NDArray[np.float32]

BLOCK = 1 << 24
GRID = 1024


@dataclass(frozen=True)
class ImageHistograms:
    """Where each image's pixels fall on a grid of map values: what a bootstrap over images needs.

    ``background`` and ``defect`` (n, cells) count pixels, ``region`` (n, cells) holds the sum over the image's
    regions of the share of the region in the cell; ``regions`` (n,) counts them. Cells run from high values to low.
    Memory: about ``GRID`` float32 cells in each row, 4 kB for a good image and 12 kB for an anomalous one.
    """

    background: Cells
    defect: Cells
    region: Cells
    regions: NDArray[np.int64]


@dataclass(frozen=True)
class PixelMetrics:
    """``auroc`` over all pixels of all images, ``aupro`` up to the given false-positive rate; None where undefined."""

    auroc: float | None
    aupro: float | None
    n_images: int
    n_regions: int
    histograms: ImageHistograms | None


@dataclass(frozen=True)
class _Defects:
    """All defect pixels, ascending by value: (p,) values, and each one's share of its own region."""

    values: Map
    share: Floats
    regions: NDArray[np.int64]  # (n,) regions per image


def regions(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Connected regions of a mask (neighbours also over corners): (h, w) labels from 1, 0 outside, and their sizes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), stats[1:, cv2.CC_STAT_AREA].astype(np.int64)


def pixel_metrics(
    images: Iterable[tuple[Map, Mask | None]], *, limit: float = 0.3, histograms: bool = False
) -> PixelMetrics:
    """Pixel AUROC and AUPRO over ``(map (h, w) float32, mask (h, w) bool or None)``; None is a good image.

    ``images`` is iterated twice and must give the same both times; sizes may differ between images.
    AUROC (ties half) takes all pixels. AUPRO (Bergmann et al., The MVTec Anomaly Detection Dataset, IJCV 2021) is
    the mean over connected regions of the share of each that is found, integrated over false-positive rates from 0
    to ``limit`` and divided by ``limit``; the background is every pixel outside the masks of all images, good images
    included; the curve is straight between its points, also up to ``limit``.
    """
    if not 0 < limit <= 1:
        raise ValueError(f"a false-positive rate of {limit} is not in (0, 1]")
    if iter(images) is images:
        raise TypeError("images are needed twice: give something that can be iterated again, not an iterator")
    defects = _defect_pixels(images)
    cuts, starts = np.unique(defects.values, return_index=True)
    edges = _grid(defects) if histograms else None
    kept = _empty(defects.regions, len(edges) + 1) if edges is not None else None
    below, not_above = np.zeros(len(cuts), np.int64), np.zeros(len(cuts), np.int64)
    total = 0
    for block in _background(images, edges, kept):
        block.sort()
        below += np.searchsorted(block, cuts, "left")
        not_above += np.searchsorted(block, cuts, "right")
        total += len(block)
    n_images, n_regions = len(defects.regions), int(defects.regions.sum())
    if not len(cuts) or not total:
        return PixelMetrics(None, None, n_images, n_regions, kept)
    before, after = (total - not_above) / total, (total - below) / total
    pixels = np.diff(starts, append=len(defects.values)) / len(defects.values)
    share = np.add.reduceat(defects.share, starts) / n_regions
    return PixelMetrics(
        float(area(before, after, pixels, 1.0)), float(area(before, after, share, limit)), n_images, n_regions, kept
    )


def area(before: Floats, after: Floats, rise: Floats, limit: float) -> Floats:
    """Area under a piecewise straight curve up to ``limit``, divided by ``limit``; over the last axis.

    The curve rises by ``rise`` while x goes from ``before`` to ``after`` (a step where these are equal) and is level
    elsewhere. Each rise adds a rectangle from its end to the limit, and the triangle under itself.
    """
    width = after - before
    inside = np.clip(limit - before, 0, width)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = np.where(width > 0, inside / width, 1.0)
    return np.asarray(np.sum(rise * (reached * inside / 2 + np.maximum(limit - after, 0)), axis=-1) / limit)


def _defect_pixels(images: Iterable[tuple[Map, Mask | None]]) -> _Defects:
    values, shares, counts = [], [], []
    for found, mask in images:
        if mask is None:
            counts.append(0)
            continue
        if mask.shape != found.shape:
            raise ValueError(f"a mask of {mask.shape} does not fit a map of {found.shape}")
        labels, sizes = regions(mask)
        counts.append(len(sizes))
        values.append(_finite(found)[mask])
        shares.append(1 / sizes[labels[mask] - 1])
    if not values:
        return _Defects(np.empty(0, np.float32), np.empty(0), np.asarray(counts, np.int64))
    joined = np.concatenate(values)
    order = np.argsort(joined)
    return _Defects(joined[order], np.concatenate(shares)[order], np.asarray(counts, np.int64))


def _background(
    images: Iterable[tuple[Map, Mask | None]], edges: Map | None, kept: ImageHistograms | None
) -> Iterator[Map]:
    """Background pixels of all images in blocks of ``BLOCK``, in one buffer that is used again for the next block.

    Fills ``kept`` on the way where it is given.
    """
    buffer, used = np.empty(BLOCK, np.float32), 0
    for row, (found, mask) in enumerate(images):
        outside = _finite(found).ravel() if mask is None else _finite(found)[~mask]
        if kept is not None and edges is not None:
            outside = np.sort(outside)
            kept.background[row] = _histogram(outside, edges)
            if mask is not None and mask.any():
                kept.defect[row], kept.region[row] = _defect_histograms(found, mask, edges)
        while len(outside):
            taken = outside[: BLOCK - used]
            buffer[used : used + len(taken)] = taken
            used, outside = used + len(taken), outside[len(taken) :]
            if used == BLOCK:
                yield buffer
                used = 0
    if used:
        yield buffer[:used]


def _grid(defects: _Defects) -> Map:
    """Ascending cell borders, half way between quantiles of the defect pixels (half by pixel, half by region).

    A cell then holds about 1 / 512 of either curve's whole rise; the curve is taken as straight within it. The two
    outer cells hold no defect pixels.
    """
    if not len(defects.values):
        return np.empty(0, np.float32)
    wanted = np.linspace(0, 1, GRID // 2)
    by_pixel = defects.values[np.round(wanted * (len(defects.values) - 1)).astype(int)]
    rise = np.cumsum(defects.share)
    at = np.searchsorted(rise, wanted * rise[-1])
    by_region = defects.values[np.minimum(at, len(defects.values) - 1)]
    marks = np.unique(np.concatenate([by_pixel, by_region]))
    between = marks[:-1] + np.diff(marks) / 2
    return np.unique(np.concatenate([marks[:1], between, np.nextafter(marks[-1:], np.float32(np.inf))]))


def _empty(regions_per_image: NDArray[np.int64], cells: int) -> ImageHistograms:
    """Zeros: the rows of good images stay so, and cost no memory until they are written."""
    background, defect, region = (np.zeros((len(regions_per_image), cells), np.float32) for _ in range(3))
    return ImageHistograms(background, defect, region, regions_per_image)


def _histogram(ascending: Map, edges: Map) -> Cells:
    """Counts per cell, from the highest cell to the lowest; a value on a border belongs to the cell above it."""
    borders = np.concatenate([[0], np.searchsorted(ascending, edges, "left"), [len(ascending)]])
    return np.diff(borders)[::-1].astype(np.float32)


def _defect_histograms(found: Map, mask: Mask, edges: Map) -> tuple[Cells, Cells]:
    cells = len(edges) + 1
    labels, sizes = regions(mask)
    cell = len(edges) - np.searchsorted(edges, found[mask], "right")
    share = 1 / sizes[labels[mask] - 1]
    counts = np.bincount(cell, minlength=cells), np.bincount(cell, weights=share, minlength=cells)
    return counts[0].astype(np.float32), counts[1].astype(np.float32)


def _finite(found: Map) -> Map:
    if not np.isfinite(found).all():
        raise ValueError("an anomaly map holds a value that is not finite")
    return found
