"""From photographs to measurements: see the part, normalise its colours, apply every measure that is switched on.

Photographs are streamed part by part: in memory are the first-time views of one part and one more photograph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from core.datasets.images import image_size, load_rgb
from core.progress import Progress
from core.severity.correction import Correction, corrected_part, key
from core.severity.measures.base import Measure, View
from core.severity.measures.registry import create, default_measures
from core.severity.normalise import normalised_lab
from core.severity.photos import Photos
from core.severity.register import Registration, register
from core.severity.types import Measurement, Photo

STAGE = "Measuring rust"
LEARNING = 0.6  # of the progress, where a network is trained first


@dataclass(frozen=True)
class SeeingSettings:
    """``measures`` by name; ``side`` is the working resolution: pixels of the longest side, larger ones are shrunk."""

    measures: tuple[str, ...] = field(default_factory=default_measures)
    side: int = 960
    seed: int = 0


@dataclass(frozen=True)
class Look:
    """All that was seen in one photograph, pictures included: for a caller who stores or shows them, then drops them.

    ``view.part.remarks`` are sentences for a person. A value is NaN where no part was found, or the measure does
    not apply to the part.
    ``registration`` lays it over the first photograph of the same view; None for that one, and where there is none.
    """

    view: View
    measurements: tuple[Measurement, ...]
    registration: Registration | None

    @property
    def remarks(self) -> tuple[str, ...]:
        return self.view.part.remarks


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

    def seen(photo: Photo) -> View:
        return see(photo, settings.side, kept.get(key(photo)))

    learners = [one for one in measures if one.learns_from_all]
    if learners:
        healthy = [view for part in photos.parts for photo in photos.first(part) if (view := seen(photo)).part.found]
        for one in learners:
            one.prepare(healthy, progress.part(0.0, LEARNING))
        del healthy
    progress = progress.part(LEARNING if learners else 0.0, 1.0)
    done = 0
    for part in photos.parts:
        first = {photo: seen(photo) for photo in photos.first(part)}
        own = [view for view in first.values() if view.part.found]
        for one in measures:
            one.fit(own)
        for photo in photos.of(part):
            view = first[photo] if photo in first else seen(photo)
            yield Look(view, tuple(_read(view, measures)), _laid_over(view, own))
            done += 1
            progress.report(done, len(photos.items), STAGE)


def _read(view: View, measures: list[Measure]) -> Iterator[Measurement]:
    for one in measures:
        reading = one.read(view)
        yield Measurement(view.photo, one.info.name, reading.value, reading.heat, reading.mask)


def _laid_over(view: View, first: list[View]) -> Registration | None:
    """How the photograph lies over the first time's of the same view; None for those themselves."""
    fixed = [one for one in first if one.photo.view == view.photo.view and one.photo != view.photo]
    if not fixed or view.photo.hours == fixed[0].photo.hours:
        return None
    return register(view, fixed[0])


def see(photo: Photo, side: int, correction: Correction | None = None) -> View:
    """A photograph at the working resolution with its part found and its colours normalised."""
    width, height = image_size(photo.path)
    scale = min(1.0, side / max(width, height))
    rgb = load_rgb(photo.path, (max(1, round(width * scale)), max(1, round(height * scale))))
    part = corrected_part(rgb, correction)
    return View(photo, rgb, normalised_lab(rgb, part), part)
