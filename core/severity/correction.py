"""A person's correction of where the part is: a shifted threshold, polygons added and taken away.

Polygons are in fractions of the picture's width and height, so that a correction holds at every resolution. A file of
corrections lies beside the analysis and is keyed by part, time and view.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.severity.part import Part, find_part
from core.severity.types import Mask, Photo, Rgb

Polygon = tuple[tuple[float, float], ...]

MOST_SHIFT = 30.0  # lightness steps either way; beyond, nothing or everything is part
MOST_POINTS = 10_000


@dataclass(frozen=True)
class Correction:
    """``shift`` in lightness steps: higher wants more difference from the background. Polygons are (x, y), 0 to 1."""

    shift: float = 0.0
    add: tuple[Polygon, ...] = ()
    remove: tuple[Polygon, ...] = ()


def key(photo: Photo) -> str:
    """Under which name a photograph's correction is kept."""
    return f"{photo.part}-T{photo.hours:g}-{photo.view}"


def corrected_part(rgb: Rgb, correction: Correction | None) -> Part:
    """The part in a picture (h, w, 3) as found, then as corrected."""
    if correction is None:
        return find_part(rgb)
    part = find_part(rgb, correction.shift)
    if not correction.add and not correction.remove:
        return part
    size = rgb.shape[:2]
    add, remove = drawn(correction.add, size), drawn(correction.remove, size)
    mask, outline = (part.mask | add) & ~remove, (part.outline | add) & ~remove
    found = bool(mask.any())
    remarks = tuple(remark for remark in part.remarks if part.found) if found else part.remarks
    return replace(part, mask=mask, outline=outline, found=found, remarks=remarks)


def drawn(polygons: tuple[Polygon, ...], size: tuple[int, int]) -> Mask:
    """Pixels (h, w) inside any of the polygons."""
    canvas = np.zeros(size, np.uint8)
    for polygon in polygons:
        points: NDArray[np.float64] = np.array(polygon) * (size[1], size[0])
        cv2.fillPoly(canvas, [np.round(points).astype(np.int32)], 1)
    return canvas.view(np.bool_)


def to_json(corrections: Mapping[str, Correction]) -> dict[str, Any]:
    """Corrections as plain values, sorted by key."""
    return {name: asdict(one) for name, one in sorted(corrections.items())}


def from_json(content: Any) -> dict[str, Correction]:
    """Back from ``to_json``. ValueError for anything else."""
    try:
        return {str(name): _checked(one) for name, one in content.items()}
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(str(error)) from error


def save(corrections: Mapping[str, Correction], path: Path) -> None:
    """Write corrections as JSON, whole or not at all."""
    text = json.dumps(to_json(corrections), indent=1)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def load(path: Path) -> dict[str, Correction]:
    """Corrections from JSON; none where there is no file. UserError where it is damaged."""
    if not path.exists():
        return {}
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UserError(
            f"The file of corrected outlines cannot be read ({error})", str(path), "Delete it and correct again"
        ) from error


def _checked(raw: dict[str, object]) -> Correction:
    shift = float(raw["shift"])  # type: ignore[arg-type]
    if not abs(shift) <= MOST_SHIFT:
        raise ValueError(f"a shift of {shift:g} is outside ±{MOST_SHIFT:g}")
    return Correction(shift, _polygons(raw["add"]), _polygons(raw["remove"]))


def _polygons(raw: object) -> tuple[Polygon, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError("polygons are a list")
    polygons = tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in raw)
    points = [number for polygon in polygons for point in polygon for number in point]
    if len(points) > MOST_POINTS or any(len(polygon) < 3 for polygon in polygons):
        raise ValueError("a polygon has too few points, or all have too many")
    if not all(-1.0 <= number <= 2.0 for number in points):
        raise ValueError("a polygon lies far outside the picture")
    return polygons
