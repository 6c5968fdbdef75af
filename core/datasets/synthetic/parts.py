"""A dataset of turned flanges in the MVTec layout: good parts, seven kinds of flaw, exact masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.newfolder import new_folder
from core.datasets.synthetic.camera import photograph
from core.datasets.synthetic.flange import N_BOLTS, Pose, surface
from core.datasets.synthetic.flaws import FLAWS, missing_hole
from core.errors import UserError
from core.progress import Progress

KINDS = tuple(sorted([*FLAWS, "missing_hole"]))
SMALLEST = 96  # pixels; bolt holes vanish below
JPEG_QUALITY = 95


@dataclass(frozen=True)
class Part:
    """``image`` RGB (size, size, 3); ``mask`` true on the flaw, None on a good part."""

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_] | None


def render(seed: tuple[int, ...], *, size: int = 256, kind: str | None = None, strength: float = 0.5) -> Part:
    """One photograph. The same ``seed`` without ``kind`` is the same part before it was spoilt."""
    rng = np.random.default_rng([*seed, 0])
    spoiler = np.random.default_rng([*seed, 1])
    undrilled = int(spoiler.integers(N_BOLTS)) if kind == "missing_hole" else None
    part = surface(Pose.draw(rng, size), rng, undrilled=undrilled)
    mask = None
    if undrilled is not None:
        mask = missing_hole(part, undrilled)
    elif kind is not None:
        mask = FLAWS[kind](part, spoiler, strength)
    return Part(photograph(part, rng), mask)


def write_parts(
    out: Path,
    *,
    seed: int = 0,
    train: int = 60,
    test_good: int = 20,
    per_defect: int = 8,
    size: int = 256,
    progress: Progress = Progress(),
) -> None:
    """Write ``train/good``, ``test/good``, ``test/<kind>`` and ``ground_truth/<kind>`` into ``out``.

    ``out`` must not exist or be empty; it appears whole or not at all. The same arguments give the same bytes on the
    same platform. Within each kind, flaws run evenly from subtle to obvious. Raises UserError.
    """
    if size < SMALLEST:
        raise UserError(f"Parts of {size} pixels would be too small to show", "size", f"Ask for {SMALLEST} or more")
    with new_folder(out) as building:
        _write(building, seed, train, test_good, per_defect, size, progress)


def _write(folder: Path, seed: int, train: int, test_good: int, per_defect: int, size: int, progress: Progress) -> None:
    plan: list[tuple[str, str | None, int, float]] = [("train/good", None, i, 0.0) for i in range(train)]
    plan += [("test/good", None, i, 0.0) for i in range(test_good)]
    for flaw in KINDS:
        plan += [(f"test/{flaw}", flaw, i, (i + 0.5) / per_defect) for i in range(per_defect)]
    for number, (place, kind, i, strength) in enumerate(plan):
        part = render((seed, number), size=size, kind=kind, strength=strength)
        _save(folder / place / f"{i:03d}.jpg", part.image[:, :, ::-1])
        if part.mask is not None:
            _save(folder / "ground_truth" / str(kind) / f"{i:03d}_mask.png", part.mask.astype(np.uint8) * 255)
        progress.report(number + 1, len(plan), "Drawing parts")


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    done, data = cv2.imencode(path.suffix, pixels, options)
    if not done:
        raise ValueError(f"{path.name} of {pixels.shape} pixels could not be encoded")
    path.write_bytes(data.tobytes())
