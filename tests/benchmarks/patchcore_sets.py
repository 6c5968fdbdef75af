"""Development sets for choosing PatchCore's defaults: none of them takes part in any other figure of this folder.

- ``bolts``, ``nuts``: a photographed fastener (rust_fasteners at T0), turned freely on its background at 768 px under
  changing light, every part with a grain of its own; spoilt by fine scratches, nicks of the outline, dents and pasted
  scraps of itself, whose masks are exact.
- ``flanges``: the rendered flanges of ``core sample parts`` at 512 px, subtle flaws.
- ``leather``: quarters of the 512 px photographs of mvtec_leather_mini; a quarter without a marked pixel of a
  spoilt photograph is left out.
- ``tiles A``, ``tiles B``: every fourth of the magnetic tiles' training images and halves of their test images, drawn
  by a seed: a choice is made on A alone and confirmed on B. ``tiles`` is the whole set, for the figures reported,
  ``all tiles A`` and ``all tiles B`` its training images with these halves, for what only many images can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.images import load_mask, load_rgb
from core.datasets.newfolder import new_folder
from core.datasets.readers import read
from core.datasets.synthetic.parts import KINDS, render
from core.datasets.types import ImageSet

Pixels = NDArray[np.float32]
SIDE = 768
PARTS = {"bolts": ("Bolt Allen Black-T0.jpg", 0.34), "nuts": ("Nut Insert Black-T0-2.jpg", 0.45)}  # and the scale
TRAIN, GOOD, BAD = 60, 30, 48


def development_set(name: str, shared: Path, cache: Path) -> ImageSet:
    """One of ``NAMES``; drawn into ``cache`` the first time. ``shared`` holds the reference sets."""
    if "tiles" in name:
        data = read(shared / "magnetic_tile")
        return data if name == "tiles" else _half(data, name[-1], 1 if name.startswith("all") else 4)
    folder = cache / name
    if not folder.is_dir():
        with new_folder(folder) as building:
            _WRITERS[name](building, shared)
    return read(folder)


def _half(data: ImageSet, which: str, every: int) -> ImageSet:
    """One training image of ``every`` so many and every second test image of each class, by a seeded shuffle."""
    kept = {item.name for item in data.normals().items[::every]}
    for defect in sorted({str(item.defect) for item in data.test().items}):
        names = [item.name for item in data.test().items if str(item.defect) == defect]
        kept |= set(np.random.default_rng(0).permutation(names)["AB".index(which) :: 2].tolist())
    return replace(data, items=tuple(i for i in data.items if i.name in kept))


def _fasteners(kind: str) -> Callable[[Path, Path], None]:
    def write(out: Path, shared: Path) -> None:
        file, scale = PARTS[kind]
        part = _Part.read(shared / "rust_fasteners" / file)
        for number, place in enumerate(["train/good"] * TRAIN + ["test/good"] * GOOD):
            _save(out / place / f"{number:03d}.jpg", _turned(part, scale, np.random.default_rng([1, number]))[0])
        for number in range(BAD):
            defect = sorted(_DEFECTS)[number % len(_DEFECTS)]
            rng = np.random.default_rng([2, number])
            image, mask = _turned(part, scale, rng, _DEFECTS[defect])
            _save(out / "test" / defect / f"{number:03d}.jpg", image)
            _save(out / "ground_truth" / defect / f"{number:03d}_mask.png", mask * np.float32(255))

    return write


@dataclass(frozen=True)
class _Part:
    """A photographed part before its background of colour ``ground`` (3,); ``outline`` is 1 on the part."""

    image: Pixels
    outline: Pixels
    ground: Pixels
    centre: tuple[float, float]

    @classmethod
    def read(cls, path: Path) -> _Part:
        image = load_rgb(path)[:1400].astype(np.float32)  # less the scale bar
        grey = cv2.GaussianBlur(image.min(2).astype(np.uint8), (0, 0), 5)
        _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
        _, labels, stats, centres = cv2.connectedComponentsWithStats(dark)
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        outline = np.asarray(labels == largest, np.float32)
        ground = np.asarray(np.median(image[dark == 0], 0), np.float32)
        near = cv2.GaussianBlur(cv2.dilate(outline, np.ones((41, 41))), (0, 0), 10)[..., None]
        # Where the photograph ends no edge is left.
        return cls(near * image + (1 - near) * ground, outline, ground, (centres[largest][0], centres[largest][1]))


def _turned(
    part: _Part, scale: float, rng: np.random.Generator, spoil: Callable[..., Pixels] | None = None
) -> tuple[Pixels, Pixels]:
    """The part at a random angle and place, and the mask of pixels that ``spoil`` changed."""
    turn = cv2.getRotationMatrix2D(part.centre, rng.uniform(0, 360), scale * rng.uniform(0.97, 1.03))
    turn[:, 2] += SIDE / 2 + rng.uniform(-40, 40, 2) - part.centre
    image = cv2.warpAffine(part.image, turn, (SIDE, SIDE), flags=cv2.INTER_AREA, borderValue=part.ground.tolist())
    outline = cv2.warpAffine(part.outline, turn, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
    image *= (1 + 0.06 * _cloud(rng, 24) * outline + 0.04 * _cloud(rng, 3))[..., None]
    before = image
    if spoil is not None:
        image = spoil(image, outline, part.ground, rng)
    mask = (np.abs(image - before).max(2) > 4).astype(np.float32)
    image = image * (np.float32(rng.uniform(0.9, 1.08)) * _light(rng))[..., None]
    image += 2 * rng.standard_normal(image.shape, np.float32)
    return np.clip(image, 0, 255), cv2.dilate(mask, np.ones((3, 3)))


def _cloud(rng: np.random.Generator, cells: int) -> Pixels:
    """Smooth noise, about standard normal."""
    coarse = rng.standard_normal((cells * 4, cells * 4), np.float32)
    return np.asarray(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


def _light(rng: np.random.Generator) -> Pixels:
    axis, angle = np.linspace(-1, 1, SIDE, dtype=np.float32), rng.uniform(0, 2 * math.pi)
    return np.asarray(1 + 0.08 * (axis[:, None] * math.sin(angle) + axis[None, :] * math.cos(angle)), np.float32)


def _somewhere(where: Pixels, rng: np.random.Generator) -> tuple[int, int]:
    rows, columns = np.nonzero(where)
    chosen = rng.integers(len(rows))
    return int(columns[chosen]), int(rows[chosen])


def _scratch(image: Pixels, part: Pixels, ground: Pixels, rng: np.random.Generator) -> Pixels:
    """A line of one or two pixels, 20 to 70 long, brighter than the metal."""
    x, y = _somewhere(cv2.erode(part, np.ones((15, 15))), rng)
    angle, length = rng.uniform(0, 2 * math.pi), rng.uniform(20, 70)
    line = np.zeros(part.shape, np.uint8)
    end = round(x + length * math.cos(angle)), round(y + length * math.sin(angle))
    cv2.line(line, (x, y), end, 255, int(rng.integers(1, 3)), cv2.LINE_AA)
    return image + (line.astype(np.float32) / 255 * part * rng.uniform(35, 80))[..., None]


def _nick(image: Pixels, part: Pixels, ground: Pixels, rng: np.random.Generator) -> Pixels:
    """A bite out of the outline, 5 to 12 pixels in radius."""
    x, y = _somewhere(part - cv2.erode(part, np.ones((3, 3))), rng)
    bite = np.zeros(part.shape, np.float32)
    cv2.circle(bite, (x, y), int(rng.integers(5, 13)), 1.0, -1, cv2.LINE_AA)
    bite = cv2.GaussianBlur(bite, (0, 0), 1)[..., None]
    return np.asarray((1 - bite) * image + bite * ground)


def _dent(image: Pixels, part: Pixels, ground: Pixels, rng: np.random.Generator) -> Pixels:
    """A hollow of 6 to 14 pixels, lit on one side and dark on the other."""
    x, y = _somewhere(cv2.erode(part, np.ones((25, 25))), rng)
    axis = np.arange(SIDE, dtype=np.float32)
    dx, dy, radius, angle = axis[None, :] - x, axis[:, None] - y, rng.uniform(6, 14), rng.uniform(0, 2 * math.pi)
    shade = (dx * math.cos(angle) + dy * math.sin(angle)) / radius * np.exp(-(dx**2 + dy**2) / radius**2)
    return image + (shade * rng.uniform(50, 90) * part)[..., None]


def _paste(image: Pixels, part: Pixels, ground: Pixels, rng: np.random.Generator) -> Pixels:
    """A scrap of the part, turned, laid elsewhere on it (after CutPaste, Li et al., CVPR 2021)."""
    half = int(rng.integers(8, 17))
    inner = cv2.erode(part, np.ones((35, 35)))
    (x, y), (u, v) = _somewhere(inner, rng), _somewhere(inner, rng)
    scrap = np.rot90(image[y - half : y + half, x - half : x + half], int(rng.integers(1, 4)))
    soft = np.zeros((2 * half, 2 * half), np.float32)
    cv2.ellipse(soft, (half, half), (half - 3, half // 2), float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(soft, (0, 0), 1)[..., None]
    changed = image.copy()
    place = changed[v - half : v + half, u - half : u + half]
    place[:] = (1 - soft) * place + soft * scrap
    return changed


_DEFECTS = {"scratch": _scratch, "nick": _nick, "dent": _dent, "paste": _paste}


def _flanges(out: Path, shared: Path) -> None:
    plan = [("train/good", None, 0.0)] * TRAIN + [("test/good", None, 0.0)] * GOOD
    plan += [(f"test/{kind}", kind, (i + 0.5) / 12) for kind in KINDS for i in range(6)]  # the subtle half
    for number, (place, flaw, strength) in enumerate(plan):
        part = render((77, number), size=512, kind=flaw, strength=strength)
        _save(out / place / f"{number:03d}.jpg", part.image)
        if part.mask is not None:
            _save(out / "ground_truth" / str(flaw) / f"{number:03d}_mask.png", part.mask * np.float32(255))


def _leather(out: Path, shared: Path) -> None:
    for item in read(shared / "mvtec_leather_mini").items:
        pixels = load_rgb(item.path)
        mask = load_mask(item.mask, pixels.shape[1::-1]) if item.mask else np.zeros(pixels.shape[:2], np.bool_)
        place = "train/good" if item.split == "train" else f"test/{item.defect or 'good'}"
        step = 128 if item.split == "train" else 256
        for top in range(0, 257, step):
            for left in range(0, 257, step):
                window = slice(top, top + 256), slice(left, left + 256)
                if item.label == "bad" and mask[window].sum() < 30:
                    continue
                name = f"{item.path.stem}_{top}_{left}"
                _save(out / place / f"{name}.png", pixels[window])
                if item.label == "bad":
                    _save(out / "ground_truth" / str(item.defect) / f"{name}_mask.png", mask[window] * np.float32(255))


_WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "bolts": _fasteners("bolts"),
    "nuts": _fasteners("nuts"),
    "flanges": _flanges,
    "leather": _leather,
}
NAMES = (*_WRITERS, "tiles A", "tiles B", "tiles")


def _save(path: Path, pixels: NDArray[np.float32] | NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = pixels.astype(np.uint8)
    if not cv2.imwrite(str(path), stored[..., ::-1] if pixels.ndim == 3 else stored):
        raise OSError(f"{path} could not be written")
