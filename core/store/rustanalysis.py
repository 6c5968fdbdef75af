"""An analysis of rust as a folder: what was seen in every photograph, from which everything else is judged in a moment.

analysis.json            AnalysisInfo: the settings, the corrections, and what was read off each photograph
looks/<n>.jpg            the photograph at the working resolution
looks/<n>.part.png       the part's surface
looks/<n>.<measure>.png  what the measure calls rust, where it tells pixels apart
looks/<n>.<measure>.npy  its heat, float16, at most HEAT_SIDE pixels a side

Beside them lie the pictures that a page shows (``rustpictures``) and what was found last (``rustjudged``).

The folder's name follows from the photographs, their table, the corrections and the settings of seeing: the same asked
again is found, not seen again. Settings of judging (limit, horizon, actions) are not part of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import UserError
from core.progress import Progress
from core.severity.analysis import Analysis, Record, analyse, judge, seeing
from core.severity.correction import Correction, to_json
from core.severity.grades import Distribution
from core.severity.photos import Photos, rows
from core.severity.seeing import Look
from core.severity.settings import RustSettings
from core.severity.types import Mask, Photo, Rgb
from core.store import atomic
from core.store.rustpictures import write_pictures

FORMAT = 2
HEAT_SIDE = 480  # a heatmap is smooth; more would cost more than it shows
JPEG_QUALITY = 90
FILE = "analysis.json"
SEEING_SHARE = 0.85  # of the progress bar


class RecordRow(BaseModel):
    """A ``Record`` as JSON; ``file`` is relative to the folder of photographs, a value of None is NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    part: str
    hours: float
    view: str
    values: dict[str, float | None]
    letters: dict[str, Distribution]
    remarks: tuple[str, ...]
    lightness: float | None


class AnalysisInfo(BaseModel):
    """What was seen, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    set_id: str
    settings: RustSettings
    corrections: dict[str, Any]
    records: tuple[RecordRow, ...]
    notes: tuple[str, ...]
    seconds: float
    created_at: float


class StoredAnalysis:
    """A finished analysis, to read from. ``photos`` is the folder in which the photographs lie."""

    def __init__(self, folder: Path, photos: Path) -> None:
        self.folder, self._photos = folder, photos
        try:
            self.info = AnalysisInfo.model_validate_json((folder / FILE).read_bytes())
        except OSError:
            raise UserError("This analysis was deleted", str(folder), "Analyse the photographs again") from None
        except ValidationError:
            raise UserError(
                "The analysis is damaged or from another version", folder.name, "Analyse the photographs again"
            ) from None

    def records(self) -> tuple[Record, ...]:
        """What was read off each photograph, in the order in which they were seen."""
        return tuple(
            Record(
                Photo(row.part, row.hours, row.view, self._photos / row.file),
                {name: math.nan if value is None else value for name, value in row.values.items()},
                row.letters,
                row.remarks,
                math.nan if row.lightness is None else row.lightness,
            )
            for row in self.info.records
        )

    def judge(self, settings: RustSettings | None = None) -> Analysis:
        """Judge what was seen, by the settings of the analysis or by others that see the same."""
        return judge(self.records(), settings or self.info.settings, self.info.notes)

    def rgb(self, photo: Photo) -> Rgb:
        """(h, w, 3) the photograph at the working resolution."""
        return np.ascontiguousarray(self._picture(photo, "jpg", cv2.IMREAD_COLOR)[:, :, ::-1])

    def part(self, photo: Photo) -> Mask:
        """(h, w) the part's surface."""
        return np.asarray(self._picture(photo, "part.png", cv2.IMREAD_GRAYSCALE) > 0)

    def mask(self, photo: Photo, measure: str) -> Mask | None:
        """(h, w) what a measure calls rust; None where it tells no pixels apart."""
        if not self._path(photo, f"{measure}.png").is_file():
            return None
        return np.asarray(self._picture(photo, f"{measure}.png", cv2.IMREAD_GRAYSCALE) > 0)

    def heat(self, photo: Photo, measure: str) -> NDArray[np.float32] | None:
        """(h', w') the evidence, at most HEAT_SIDE a side and of the photograph's shape; None where there is none."""
        path = self._path(photo, f"{measure}.npy")
        if not path.is_file():
            return None
        try:
            return np.asarray(np.load(path, allow_pickle=False), np.float32)
        except (OSError, ValueError, EOFError):
            raise _damaged(path) from None

    def picture(self, photo: Photo, measure: str, kind: Literal["rust", "heat"]) -> Path | None:
        """The see-through picture that lies over the photograph; None where a measure has none."""
        path = self._path(photo, f"{measure}.{kind}.png")
        return path if path.is_file() else None

    def jpeg(self, photo: Photo) -> Path:
        """The file of ``rgb``, for a page that hands it on."""
        return self._path(photo, "jpg")

    def _picture(self, photo: Photo, suffix: str, how: int) -> NDArray[np.uint8]:
        path = self._path(photo, suffix)
        found = cv2.imread(str(path), how)
        if found is None:
            raise _damaged(path)
        return np.asarray(found, np.uint8)

    def _path(self, photo: Photo, suffix: str) -> Path:
        for number, row in enumerate(self.info.records):
            if (row.part, row.hours, row.view) == (photo.part, photo.hours, photo.view):
                return self.folder / "looks" / f"{number:04d}.{suffix}"
        raise KeyError(f"{photo.part} at {photo.hours} h, view {photo.view}, is not in this analysis")


def analysis_id(
    set_id: str, photos: Photos, settings: RustSettings, corrections: Mapping[str, Correction] | None = None
) -> str:
    """The same for two analyses that see the same in the same photographs."""
    what = {
        "format": FORMAT,
        "set": set_id,
        "rows": [[row.file, row.part, row.hours, row.view] for row in rows(photos) if row.hours is not None],
        "corrections": to_json(corrections or {}),
        "seeing": seeing(settings).__dict__,
    }
    text = json.dumps(what, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_analysis(
    dest: Path,
    set_id: str,
    photos: Photos,
    settings: RustSettings,
    corrections: Mapping[str, Correction] | None = None,
    progress: Progress = Progress(),
) -> StoredAnalysis:
    """See and judge ``photos``; the analysis appears at ``dest``, which must be free, whole or not at all.

    Raises UserError where nothing can be told, and Cancelled.
    """
    started = time.perf_counter()
    with atomic.new_folder(dest) as folder:
        looks = folder / "looks"
        looks.mkdir()
        seen = 0

        def keep(look: Look) -> None:
            nonlocal seen
            _write_look(looks / f"{seen:04d}", look)
            seen += 1

        found = analyse(photos, settings, corrections, progress.part(0.0, SEEING_SHARE), keep)
        write_pictures(looks, seen, seeing(settings).measures, progress.part(SEEING_SHARE, 1.0))
        info = AnalysisInfo(
            format=FORMAT,
            set_id=set_id,
            settings=settings,
            corrections=to_json(corrections or {}),
            records=tuple(_row(one, photos.folder) for one in found.records),
            notes=photos.notes,
            seconds=time.perf_counter() - started,
            created_at=time.time(),
        )
        atomic.write_bytes(folder / FILE, info.model_dump_json().encode())
    return StoredAnalysis(dest, photos.folder)


def _row(one: Record, folder: Path) -> RecordRow:
    return RecordRow(
        file=one.photo.path.relative_to(folder).as_posix(),
        part=one.photo.part,
        hours=one.photo.hours,
        view=one.photo.view,
        values={name: value if math.isfinite(value) else None for name, value in one.values.items()},
        letters=dict(one.letters),
        remarks=one.remarks,
        lightness=one.lightness if math.isfinite(one.lightness) else None,
    )


def _write_look(stem: Path, look: Look) -> None:
    """All pictures of a look. The part's own colours are kept as they were photographed."""
    _encode(stem, "jpg", look.view.rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    _encode(stem, "part.png", look.view.part.mask.view(np.uint8) * 255, _QUICK)
    for one in look.measurements:
        if one.mask is not None:
            _encode(stem, f"{one.measure}.png", one.mask.view(np.uint8) * 255, _QUICK)
        if one.heat is not None:
            height, width = one.heat.shape
            shrink = min(1.0, HEAT_SIDE / max(height, width))
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            small = cv2.resize(one.heat, size, interpolation=cv2.INTER_AREA)
            limit = float(np.finfo(np.float16).max)
            np.save(stem.with_name(f"{stem.name}.{one.measure}.npy"), np.clip(small, -limit, limit).astype(np.float16))


_QUICK = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_BILEVEL, 1]


def _encode(stem: Path, suffix: str, pixels: NDArray[np.uint8], options: list[int]) -> None:
    done, data = cv2.imencode("." + suffix.rsplit(".", 1)[-1], np.ascontiguousarray(pixels), options)
    if not done:
        raise ValueError(f"{stem.name}.{suffix} of {pixels.shape} pixels could not be encoded")
    stem.with_name(f"{stem.name}.{suffix}").write_bytes(data.tobytes())


def _damaged(path: Path) -> UserError:
    return UserError("A picture of the analysis is missing or damaged", str(path), "Analyse the photographs again")
