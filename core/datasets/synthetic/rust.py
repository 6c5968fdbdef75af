"""Steel flanges that rust week by week, photographed on white paper, with the exact mask of every photograph.

What varies from photograph to photograph is what varies in a workshop: where the part lies, how it is turned, how
strong and how warm the light is, and the dust on part and paper, brownish as dust is, which is not rust.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.newfolder import new_folder
from core.datasets.synthetic import corrosion
from core.datasets.synthetic.camera import expose, reflected
from core.datasets.synthetic.corrosion import HOURS_PER_WEEK, Corrosion
from core.datasets.synthetic.flange import Field, Pose, Surface, surface
from core.errors import UserError
from core.progress import Progress

SMALLEST = 128  # pixels; specks of rust vanish below
TRUTH = ("part", "hours", "view", "photo", "mask", "rust_percent")
_PACE = ((0.20, 0.45), (0.03, 0.06))  # share after six average weeks of the first and of the second part
_YOUNG, _OLD = (1.0, 0.40, 0.12), (0.62, 0.27, 0.16)  # linear colour of fresh orange and of aged brown rust
_AGEING_H = 400.0
_EDGE_H = 5.0  # the film that a front leaves needs this long to become opaque
_DUST, _DUST_LIT = (0.85, 0.70, 0.54), 0.20  # colour, brightness
_PAPER = 0.80  # brightness


@dataclass(frozen=True)
class Specimen:
    """One part: its metal (``seed``) and what becomes of it."""

    name: str
    seed: tuple[int, ...]
    rust: Corrosion


@dataclass(frozen=True)
class Shot:
    """``image`` RGB (size, size, 3); ``part`` true on metal; ``mask`` true on rust, within the part."""

    image: NDArray[np.uint8]
    part: NDArray[np.bool_]
    mask: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Rusted share of the part's area."""
        return float(self.mask.sum() / self.part.sum())


def specimen(name: str, seed: tuple[int, ...], *, rusts: bool = True, share: float | None = None) -> Specimen:
    """A part of which ``share`` would be rusted after six average weeks (default: drawn, 8 to 55 %), or that stays."""
    rng = np.random.default_rng([*seed, 0])
    drawn = math.exp(rng.uniform(math.log(0.08), math.log(0.55)))
    if not rusts:
        return Specimen(name, seed, corrosion.none())
    wanted = drawn if share is None else share
    return Specimen(name, seed, corrosion.spread(rng, share=wanted, hours=6 * HOURS_PER_WEEK))


def true_share(of: Specimen, hours: float) -> float:
    """Rusted share of the face, without the grain of any photograph."""
    return float(np.mean(_on_face(of) <= hours))


def true_crossing(of: Specimen, share: float) -> float:
    """The hour at which the face has rusted to ``share``; infinite for a part that does not rust."""
    return float(np.quantile(_on_face(of), share, method="inverted_cdf"))


def shoot(of: Specimen, hours: float, view: int, *, size: int = 512) -> Shot:
    """One photograph. The same arguments give the same pixels."""
    rng = np.random.default_rng([*of.seed, 1, round(hours), view])
    part = surface(_pose(rng, size), np.random.default_rng([*of.seed, 2]))
    metal = part.solid > 0.5
    since = np.float32(hours) - of.rust.at(*_in_part(part))
    brightness = _rusted(part, reflected(part), since, rng)
    ground = _paper(part, rng)
    brightness = _dusty(part, brightness, ground, rng)
    image = expose(part, brightness, ground, rng)
    _scale_bar(image)
    return Shot(image, metal, metal & (since >= 0))


def write_rust(
    out: Path,
    *,
    seed: int = 0,
    parts: int = 3,
    rusts: bool = True,
    weeks: int = 6,
    views: int = 2,
    size: int = 512,
    progress: Progress = Progress(),
) -> None:
    """Write ``<part>-T<hours>-<view>.png`` of ``parts`` parts at week 0 to ``weeks``, and the truth beside them.

    ``ground_truth/<photo>_mask.png`` holds the rust, ``<photo>_part.png`` the metal, ``truth.csv`` the shares. With
    ``rusts=False`` no part rusts. ``out`` must not exist or be empty; it appears whole or not at all. Raises UserError.
    """
    if size < SMALLEST:
        raise UserError(f"Parts of {size} pixels would be too small to show", "size", f"Ask for {SMALLEST} or more")
    if min(parts, views) < 1 or weeks < 0:
        raise UserError("There would be no photograph", "parts, views, weeks", "Ask for one or more of each")
    with new_folder(out) as building:
        _write(building, specimens(seed, parts, rusts), weeks, views, size, progress)


def specimens(seed: int, parts: int, rusts: bool = True) -> list[Specimen]:
    """The parts of a set, named Flange A, B, C…: the first rusts fast, the second slowly, the last of several not."""
    steady = {parts - 1} if parts > 1 else set()
    made = []
    for i in range(parts):
        pace = np.random.default_rng([seed, i, 3]).uniform(*_PACE[i]) if i < len(_PACE) else None
        made.append(specimen(f"Flange {_letters(i)}", (seed, i), rusts=rusts and i not in steady, share=pace))
    return made


def _letters(number: int) -> str:
    """A to Z, then AA, AB…"""
    rest, last = divmod(number, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("A") + last)


def _write(folder: Path, made: list[Specimen], weeks: int, views: int, size: int, progress: Progress) -> None:
    (folder / "ground_truth").mkdir()
    plan = [
        (one, week * HOURS_PER_WEEK, view) for one in made for week in range(weeks + 1) for view in range(1, views + 1)
    ]
    rows = []
    for number, (one, hours, view) in enumerate(plan):
        progress.report(number, len(plan), "Photographing parts")
        shot, stem = shoot(one, hours, view, size=size), f"{one.name}-T{hours:.0f}-{view}"
        photo, mask, part = f"{stem}.png", f"ground_truth/{stem}_mask.png", f"ground_truth/{stem}_part.png"
        _save(folder / photo, shot.image[:, :, ::-1])
        _save(folder / mask, shot.mask.astype(np.uint8) * 255)
        _save(folder / part, shot.part.astype(np.uint8) * 255)
        rows.append((one.name, f"{hours:.0f}", view, photo, mask, f"{100 * shot.share:.4f}"))
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([TRUTH, *rows])
    progress.report(1, 1, "Photographing parts")


def _pose(rng: np.random.Generator, size: int) -> Pose:
    """A part put down by a hurried hand, under whatever light there was."""
    careful = Pose.draw(rng, size)
    middle = (size - 1) / 2
    return replace(
        careful,
        x=middle + size * rng.uniform(-0.03, 0.03),
        y=middle + size * rng.uniform(-0.03, 0.03),
        rim=size * 0.40 * rng.uniform(0.96, 1.04),
        turn=math.radians(rng.uniform(-9, 9)),
        light=math.radians(-128 + rng.uniform(-14, 14)),
        exposure=rng.uniform(0.82, 1.15),
        warmth=rng.uniform(-0.05, 0.06),
    )


def _in_part(part: Surface) -> tuple[Field, Field]:
    """Every pixel's (x, y) on the part, in radii, turned with it."""
    c, s = np.float32(math.cos(part.pose.turn)), np.float32(math.sin(part.pose.turn))
    x, y = part.radius * part.cos, part.radius * part.sin
    return np.asarray(c * x + s * y), np.asarray(c * y - s * x)


def _on_face(of: Specimen) -> Field:
    """Hours of arrival at all points of the metal (n,), in the part's own frame."""
    n = corrosion.GRID
    pose = Pose(n, (n - 1) / 2, (n - 1) / 2, (n - 1) / (2 * corrosion.REACH), 0.0, 0.0, 1.0, 0.0)
    part = surface(pose, np.random.default_rng(0))
    return np.asarray(of.rust.at(*_in_part(part))[part.solid > 0.5])


def _rusted(part: Surface, metal: Field, since: Field, rng: np.random.Generator) -> Field:
    """Cover the metal with rust of its age, dull and coloured; sets the part's tint. Brightness (size, size)."""
    n = part.pose.size
    cover = np.clip(0.5 + since / np.float32(_EDGE_H), 0, 1) * part.solid
    grains, lumps = (
        cv2.resize(rng.standard_normal((cells, cells), np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
        for cells in (n // 3, n // 9)
    )
    lit = np.float32(0.22) * np.exp(np.float32(0.20) * grains + np.float32(0.22) * lumps)
    fresh = np.exp(-np.maximum(since, 0) / np.float32(_AGEING_H) * np.exp(np.float32(0.5) * lumps))[:, :, None]
    colour = fresh * np.array(_YOUNG, np.float32) + (1 - fresh) * np.array(_OLD, np.float32)
    part.tint *= 1 + cover[:, :, None] * (colour - 1)
    return np.asarray(metal + cover * (lit - metal), np.float32)


def _dusty(part: Surface, brightness: Field, ground: Field, rng: np.random.Generator) -> Field:
    """Specks and lint on part and paper, in the part's tint and in both brightnesses. Brightness of the part."""
    n = part.pose.size
    canvas = np.zeros((n, n), np.uint8)
    for _ in range(int(rng.integers(40, 110))):
        centre = rng.integers(0, n, 2).tolist()
        axes = np.maximum(rng.lognormal(0.4, 0.5, 2) * n / 512, 1).round().astype(int).tolist()
        cv2.ellipse(canvas, centre, axes, rng.uniform(0, 180), 0, 360, int(rng.integers(90, 220)), -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(1, 4))):
        start, heading = rng.uniform(0, n, 2), rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, 0.35, 14))
        path = start + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * n / 110, axis=0)
        cv2.polylines(canvas, [path.round().astype(np.int32)], False, 150, 1, cv2.LINE_AA)
    dust = cv2.GaussianBlur(canvas, (0, 0), 0.6).astype(np.float32) / 255
    part.tint *= 1 + dust[:, :, None] * (np.array(_DUST, np.float32) / part.tint - 1)
    ground += dust * (np.float32(_DUST_LIT) - ground)
    return np.asarray(brightness + dust * (np.float32(_DUST_LIT) - brightness), np.float32)


def _paper(part: Surface, rng: np.random.Generator) -> Field:
    """White paper, unevenly lit, with the soft shadow of the part; darker through the holes."""
    pose, n = part.pose, part.pose.size
    cloud = cv2.resize(rng.standard_normal((6, 6), np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.standard_normal((n, n), np.float32), (0, 0), n / 400)
    reach = 0.012 * n
    shift = np.array([[1, 0, -reach * math.cos(pose.light)], [0, 1, -reach * math.sin(pose.light)]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(part.solid, shift, (n, n)), (0, 0), 0.014 * n)
    lit = 1 - np.float32(0.35) * shadow
    return np.asarray(np.float32(_PAPER) * lit * (1 + np.float32(0.03) * cloud + np.float32(0.02) * grain), np.float32)


def _scale_bar(image: NDArray[np.uint8]) -> None:
    """What microscopes print into the lower right corner."""
    n = image.shape[0]
    left, right, level = round(0.84 * n), round(0.97 * n), round(0.965 * n)
    cv2.rectangle(image, (left - 4, level - 10), (right + 4, level + 8), (255, 255, 255), -1)
    cv2.line(image, (left, level), (right, level), (0, 0, 0), 1)
    for end in (left, right):
        cv2.line(image, (end, level - 4), (end, level + 4), (0, 0, 0), 1)


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError(f"{path.name} of {pixels.shape} pixels could not be encoded")
    path.write_bytes(data.tobytes())
