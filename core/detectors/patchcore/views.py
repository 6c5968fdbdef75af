"""How a photograph becomes a grid of patches: squeezed into one square, or in overlapping tiles at its own resolution.

A region of interest is cut out first, so that nothing outside is seen. A tile's outer patches, which the network's
zero padding disturbs and whose surroundings are cut off, are not used unless they lie at the region's edge: tiles
overlap by twice that halo, and every place is judged once, by the tile that has it in its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.images import load_rgb, resize
from core.datasets.types import ImageItem
from core.detectors.maps import REFERENCE_SIZE, enlarged_map, smooth_map
from core.detectors.patchcore.info import LARGEST, SMALLEST
from core.features.inorder import in_order
from core.features.patches import PatchExtractor, at_once

LARGEST_MAP = 1024  # pixels of a map's longer side, where it is not one square
HALO = 8  # a tile's side is so many times the halo
STEP = 16  # pixels; tiles begin at multiples, so that the patches of both stages lie on one grid
SIZES = (256, 384, 512)  # pixels a side to choose from

Made = TypeVar("Made")
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Region:
    """A rectangle in fractions of a photograph's width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @property
    def whole(self) -> bool:
        return (self.left, self.top, self.right, self.bottom) == (0, 0, 1, 1)

    def window(self, width: int, height: int) -> tuple[slice, slice]:
        """Its rows and columns among so many, at least one of each."""
        return _span(self.top, self.bottom, height), _span(self.left, self.right, width)


def _span(start: float, stop: float, length: int) -> slice:
    first = min(round(start * length), length - 1)
    return slice(first, max(round(stop * length), first + 1))


@dataclass(frozen=True)
class Piece:
    """``height`` x ``width`` patches of the pictures ``numbers``: those at ``row``, ``column`` of a grid of "
    "``shape``."""

    numbers: range
    height: int
    width: int
    row: int
    column: int
    shape: tuple[int, int]

    @property
    def share(self) -> float:
        """How much of a picture it is."""
        return self.height * self.width / (self.shape[0] * self.shape[1])

    @property
    def place(self) -> tuple[slice, slice]:
        """Its rows and columns of the grid."""
        return slice(self.row, self.row + self.height), slice(self.column, self.column + self.width)

    @property
    def last(self) -> bool:
        """Whether these pictures have no further pieces."""
        return (self.row + self.height, self.column + self.width) == self.shape


def chosen_size(items: Sequence[ImageItem], region: Region, tile: int) -> int:
    """The side at which to look: a tile's own; else the largest of ``SIZES`` to which the images need no enlarging.

    The images' side is the median over ``items`` of the square root of the region's area in pixels. Fine defects ask
    for resolution; enlarged images do not have it, and cost as much (see README.md).
    """
    if tile:
        return min(max(round(tile / 32) * 32, SMALLEST), LARGEST)
    shares = (region.right - region.left) * (region.bottom - region.top)
    side = float(np.median([(item.width * item.height * shares) ** 0.5 for item in items]))
    return max([size for size in SIZES if size <= side], default=SIZES[0])


class Views:
    """Grids of patches of photographs, and the maps that belong to them.

    ``tile`` is the side of a tile in the photographs' own pixels, seen at the extractor's size; 0 squeezes the region
    into one square, so that a part keeps its place in the frame.
    """

    def __init__(self, extractor: PatchExtractor, region: Region, tile: int) -> None:
        self._extractor, self._region, self._tile = extractor, region, tile
        self._size = extractor.size
        self._together = at_once(extractor.size)

    def pieces(self, items: Sequence[ImageItem], work: Callable[[Piece, Tensor], Made]) -> Iterator[tuple[Piece, Made]]:
        """All pieces with what ``work`` makes of each and its patches (b, h, w, d), in order; a picture in tiles has
        several, the last one last.

        Whole pictures are worked on by several threads at once. Tiles are not, so that memory holds few large pictures.
        """
        if self._tile:
            for number, pixels in enumerate(in_order(self._large, items, 1)):
                for piece, patches in self._tiles(number, pixels):
                    yield piece, work(piece, patches)
            return
        grid = self._extractor.grid

        def made(numbers: range) -> tuple[Piece, Made]:
            pixels = np.stack([self._square(items[number]) for number in numbers])
            patches = self._extractor.patches(pixels).view(len(numbers), grid, grid, -1)
            piece = Piece(numbers, grid, grid, 0, 0, (grid, grid))
            return piece, work(piece, patches)

        starts = range(0, len(items), self._together)
        yield from in_order(made, [range(start, min(start + self._together, len(items))) for start in starts])

    def map(self, grid: NDArray[np.float32], smoothing: float) -> NDArray[np.float32]:
        """(h, w) of the region from a value for each patch; at most ``LARGEST_MAP`` a side where it is in tiles."""
        if not self._tile:
            return smooth_map(grid, self._size, smoothing)
        rows, columns = grid.shape
        per_patch = min(self._size / self._extractor.grid, LARGEST_MAP / max(rows, columns))
        shape = max(round(columns * per_patch), 1), max(round(rows * per_patch), 1)
        return enlarged_map(grid, shape, smoothing * per_patch * self._extractor.grid / REFERENCE_SIZE)

    def framed(self, found: NDArray[np.float32], outside: float) -> NDArray[np.float32]:
        """The region's map within one of the whole photograph, ``outside`` everywhere else."""
        if self._region.whole:
            return found
        wide, high = self._region.right - self._region.left, self._region.bottom - self._region.top
        width, height = found.shape[1] / wide, found.shape[0] / high
        shrink = min(1.0, LARGEST_MAP / max(width, height))
        frame = np.full((max(round(height * shrink), 1), max(round(width * shrink), 1)), outside, np.float32)
        rows, columns = self._region.window(frame.shape[1], frame.shape[0])
        place = frame[rows, columns]
        place[:] = enlarged_map(found, (place.shape[1], place.shape[0]), 0.0)
        return frame

    def _square(self, item: ImageItem) -> Pixels:
        side = self._size, self._size
        return load_rgb(item.path, side) if self._region.whole else resize(self._cut_out(item), side)

    def _cut_out(self, item: ImageItem) -> Pixels:
        pixels = load_rgb(item.path)
        return pixels[self._region.window(pixels.shape[1], pixels.shape[0])]

    def _large(self, item: ImageItem) -> Pixels:
        """The region at the scale at which a tile has the extractor's size; its sides are multiples of ``STEP``."""
        pixels = self._cut_out(item)
        scale = self._size / self._tile
        height, width = (max(round(side * scale / STEP) * STEP, self._size) for side in pixels.shape[:2])
        return resize(pixels, (width, height))

    def _tiles(self, number: int, pixels: Pixels) -> Iterator[tuple[Piece, Tensor]]:
        size, stride = self._size, self._size // self._extractor.grid
        shape = pixels.shape[0] // stride, pixels.shape[1] // stride
        places = [(row, column) for row in _cuts(shape[0] * stride, size) for column in _cuts(shape[1] * stride, size)]
        for start in range(0, len(places), self._together):
            part = places[start : start + self._together]
            batch = np.stack([pixels[r.start : r.start + size, c.start : c.start + size] for r, c in part])
            grids = self._extractor.patches(batch).view(len(batch), self._extractor.grid, self._extractor.grid, -1)
            for (r, c), grid in zip(part, grids, strict=True):
                kept = grid[r.used(stride), c.used(stride)].unsqueeze(0)
                corner = r.first // stride, c.first // stride
                yield Piece(range(number, number + 1), kept.shape[1], kept.shape[2], *corner, shape), kept


@dataclass(frozen=True)
class _Cut:
    """A tile along one axis: it starts at pixel ``start`` and answers for the pixels from ``first`` to ``stop``."""

    start: int
    first: int
    stop: int

    def used(self, stride: int) -> slice:
        """Its patches that are used."""
        return slice((self.first - self.start) // stride, (self.stop - self.start) // stride)


def _cuts(length: int, size: int) -> list[_Cut]:
    """Tiles of ``size`` that cover ``length`` pixels, the last one flush with the end."""
    halo = max(size // HALO // STEP, 1) * STEP
    starts = [*range(0, length - size, size - 2 * halo), length - size]
    borders = [0, *(start + halo for start in starts[1:]), length]
    return [_Cut(start, *border) for start, border in zip(starts, pairwise(borders), strict=True)]
