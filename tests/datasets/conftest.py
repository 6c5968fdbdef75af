"""Small image files and folders to read."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.readers import read
from core.datasets.types import ImageSet

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """``put(name, seed=…)`` writes an image of noise below ``tmp_path / "set"``; equal seeds, equal bytes."""

    def write(name: str, *, seed: int | None = None, size: tuple[int, int] = (24, 16)) -> Path:
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        seed = zlib.crc32(name.encode()) if seed is None else seed
        pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).save(path)
        return path

    return write


@pytest.fixture
def put_mask(tmp_path: Path) -> Put:
    """``put_mask(name, box)`` writes a mask that is white in the box (left, top, right, bottom), or all black."""

    def write(
        name: str, box: tuple[int, int, int, int] | None = (4, 4, 10, 8), size: tuple[int, int] = (24, 16)
    ) -> Path:
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        mask = Image.new("L", size)
        if box:
            mask.paste(255, box)
        mask.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def magnetic_tile(shared_datasets: Path) -> ImageSet:
    """1,344 photographs of magnetic tiles."""
    return read(shared_datasets / "magnetic_tile")
