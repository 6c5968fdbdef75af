"""From photographs to measurements: see the part, normalise its colours, apply every measure that is switched on.

Photographs are streamed part by part: in memory are the first-time views of one part and one more photograph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from core.datasets.images import image_size, load_rgb
from core.progress import Progress
from core.severity.correction import Correction, corrected_part, key
from core.severity.measures.base import View
from core.severity.measures.registry import create, default_measures
from core.severity.normalise import normalised_lab
from core.severity.photos import Photos
from core.severity.types import Measurement, Photo

STAGE = "Measuring rust"


@dataclass(frozen=True)
class SeeingSettings:
    """``measures`` by name; ``side`` is the working resolution: pixels of the longest side, larger ones are shrunk."""

    measures: tuple[str, ...] = field(default_factory=default_measures)
    side: int = 960
    seed: int = 0


@dataclass(frozen=True)
class Look:
    """All that was seen in one photograph, pictures included: for a caller who stores or shows them, then drops them.

    ``view.part.remarks`` and ``remarks`` are sentences for a person. A measure's value is NaN where no part was found.
    """

    view: View
    measurements: tuple[Measurement, ...]
    remarks: tuple[str, ...] = ()


def measure(
    photos: Photos,
    settings: SeeingSettings = SeeingSettings(),
    corrections: Mapping[str, Correction] | None = None,
    progress: Progress = Progress(),
) -> list[Measurement]:
    """Every measure of every photograph, without pictures (``heat`` and ``mask`` are None).

    ``corrections`` by ``correction.key``. May raise Cancelled, and UserError where a file vanished meanwhile.
    """
    return [
        replace(measurement, heat=None, mask=None)
        for look in looks(photos, settings, corrections, progress)
        for measurement in look.measurements
    ]


def looks(
    photos: Photos,
    settings: SeeingSettings = SeeingSettings(),
    corrections: Mapping[str, Correction] | None = None,
    progress: Progress = Progress(),
) -> Iterator[Look]:
    """As ``measure``, photograph by photograph and with pictures; keep none of them and memory stays bounded."""
    measures = create(settings.measures, settings.seed)
    kept = corrections or {}
    done = 0
    for part in photos.parts:
        first = [see(photo, settings.side, kept.get(key(photo))) for photo in photos.first(part)]
        usable = [view for view in first if view.part.found]
        for one in measures:
            one.fit(usable)
        known = {view.photo: view for view in first}
        for photo in photos.of(part):
            view = known.pop(photo, None) or see(photo, settings.side, kept.get(key(photo)))
            found = []
            for one in measures:
                reading = one.read(view)
                found.append(Measurement(photo, one.info.name, reading.value, reading.heat, reading.mask))
            done += 1
            progress.report(done, len(photos.items), STAGE)
            yield Look(view, tuple(found), view.part.remarks)


def see(photo: Photo, side: int, correction: Correction | None = None) -> View:
    """A photograph at the working resolution with its part found and its colours normalised."""
    width, height = image_size(photo.path)
    scale = min(1.0, side / max(width, height))
    rgb = load_rgb(photo.path, (max(1, round(width * scale)), max(1, round(height * scale))))
    part = corrected_part(rgb, correction)
    return View(photo, rgb, normalised_lab(rgb, part), part)
