"""Looking at a file once before it enters a dataset: is all of it a readable image, how large, and which bytes."""

from __future__ import annotations

import hashlib
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.images import UnreadableImage, from_float, image_size, mask_pixels, opened, upright_size

_LARGE = 25_000_000  # pixels; such an image decodes to 75 MB and more, so only one of them is decoded at a time
_one_large = threading.Lock()


@dataclass(frozen=True, slots=True)
class Probe:
    """``width`` and ``height`` after EXIF rotation; ``frames`` over 1 for animations and pages."""

    width: int
    height: int
    sha256: str
    frames: int


@dataclass(frozen=True, slots=True)
class MaskProbe:
    """Size after EXIF rotation and the share of pixels that are defective."""

    width: int
    height: int
    sha256: str
    share: float


def probe(path: Path) -> Probe:
    """Hash and decode the whole file, so that damage anywhere in it is found now and not in the middle of a training.

    A JPEG is decoded at an eighth of its size: every byte of it is read, at a fraction of the time and memory.
    Raises UnreadableImage (a UserError) with the reason.
    """
    sha256 = _sha256(path)
    with opened(path) as image:
        size = upright_size(image)
        frames = getattr(image, "n_frames", 1) if image.format != "MPO" else 1  # an MPO's others are previews
        with _turn(size):
            image.draft(None, (1, 1))
            image.load()
            if image.mode == "F":
                from_float(np.asarray(image))  # refuses a range that it cannot scale
    return Probe(*size, sha256, frames)


def probe_mask(path: Path) -> MaskProbe:
    """As ``probe``, for a mask."""
    sha256 = _sha256(path)
    with _turn(image_size(path)):
        mask = mask_pixels(path)
    return MaskProbe(mask.shape[1], mask.shape[0], sha256, float(mask.mean()))


def file_sha256(path: Path) -> str:
    """The hash that an item has for its file's. OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _turn(size: tuple[int, int]) -> AbstractContextManager[object]:
    return _one_large if size[0] * size[1] > _LARGE else nullcontext()


def _sha256(path: Path) -> str:
    try:
        if path.stat().st_size == 0:
            raise UnreadableImage("The file is empty", str(path), "Replace or remove the file")
        return file_sha256(path)
    except OSError as error:
        raise UnreadableImage(f"The file cannot be read ({error.strerror})", str(path)) from error
