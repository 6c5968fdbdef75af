"""From photographs to what is known of each part: curve, grades, growth, forecast, status.

Seeing is slow and done once (``analyse``); judging what was seen takes milliseconds (``judge``), so that a limit, a
horizon or a table of actions can be changed without looking at a photograph again.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.datasets.wording import percent
from core.errors import UserError
from core.progress import Progress
from core.severity import curves, forecast, grades, rules, status
from core.severity.correction import Correction
from core.severity.measures.disagreement import disagreement
from core.severity.measures.registry import MEASURES, default_measures
from core.severity.measures.zinc import BARE
from core.severity.photos import Photos
from core.severity.seeing import Look, SeeingSettings, looks
from core.severity.settings import RustSettings
from core.severity.types import Curve, PartResult, Photo

WHITE = "zinc"


@dataclass(frozen=True)
class Record:
    """What was read off one photograph: ``values`` by measure (NaN where no part was found), the ASTM distribution
    ``letters`` by measure where it calls pixels rust, and sentences on what was odd."""

    photo: Photo
    values: Mapping[str, float]
    letters: Mapping[str, grades.Distribution] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    lightness: float = math.nan  # median of the part's surface, CIELAB


@dataclass(frozen=True)
class Analysis:
    """All parts, sorted by name. ``fleet`` is the mean part, None where there are fewer than two."""

    settings: RustSettings
    records: tuple[Record, ...]
    parts: tuple[PartResult, ...]
    fleet: Curve | None
    notes: tuple[str, ...] = ()

    def part(self, name: str) -> PartResult:
        """Raises KeyError for a part that is not there."""
        return {part.part: part for part in self.parts}[name]

    def to_json(self) -> dict[str, object]:
        """The object that ``python -m core rust --json`` writes: percent and hours."""
        from core.severity.report import as_json

        return as_json(self)


def _ignore(look: Look) -> None:
    """For a caller who keeps no pictures."""


def analyse(
    photos: Photos,
    settings: RustSettings,
    corrections: Mapping[str, Correction] | None = None,
    progress: Progress = Progress(),
    keep: Callable[[Look], None] = _ignore,
) -> Analysis:
    """See every photograph, then judge. ``keep`` gets the pictures of each as it is seen.

    Raises UserError for photographs that nothing can be said about, and Cancelled.
    """
    records = []
    for look in looks(photos, seeing(settings), corrections, progress):
        keep(look)
        records.append(record(look))
    return judge(records, settings, photos.notes)


def seeing(settings: RustSettings) -> SeeingSettings:
    """What of the settings concerns the photographs. UserError where the rust measure is not among those taken."""
    wanted = settings.measures or default_measures()
    if settings.rust_measure not in MEASURES:
        known = ", ".join(MEASURES)
        raise UserError(f"There is no measure named {settings.rust_measure}", "measure", f"Choose from {known}")
    if settings.rust_measure not in wanted:
        raise UserError(
            f"The measure «{settings.rust_measure}» is switched off, but the grades follow it",
            "measures",
            "Switch it on, or let the grades follow another measure",
        )
    return SeeingSettings(measures=tuple(wanted), side=settings.side, seed=settings.seed)


def record(look: Look) -> Record:
    """The figures of a look, without its pictures."""
    letters = {
        one.measure: letter
        for one in look.measurements
        if one.mask is not None and (letter := grades.distribution(one.mask, one.value)) is not None
    }
    remarks = look.remarks
    if look.registration is not None and not look.registration.registered:
        remarks = (*remarks, look.registration.sentence)
    surface = look.view.lab[..., 0][look.view.part.mask]
    return Record(
        photo=look.view.photo,
        values={one.measure: one.value for one in look.measurements},
        letters=letters,
        remarks=remarks,
        lightness=float(np.median(surface)) if surface.size else math.nan,
    )


def judge(records: Iterable[Record], settings: RustSettings, notes: Sequence[str] = ()) -> Analysis:
    """Curves, grades, growth and status of what was seen. UserError where no photograph shows a part."""
    by_part: dict[str, list[Record]] = defaultdict(list)
    for one in records:
        by_part[one.photo.part].append(one)
    parts, told = [], list(notes)
    for name in sorted(by_part):
        found = _part(name, by_part[name], settings)
        if found is None:
            told.append(f"«{name}»: no photograph shows the part, so nothing can be told of it.")
        else:
            parts.append(found)
    if not parts:
        raise UserError(
            "No part was found in any photograph", "", "Photograph the part before a plain background, or outline it"
        )
    ordered = tuple(one for name in sorted(by_part) for one in by_part[name])
    return Analysis(settings, ordered, tuple(parts), curves.fleet(part.rust for part in parts), tuple(told))


def _part(name: str, records: list[Record], settings: RustSettings) -> PartResult | None:
    found = {}
    for measure in records[0].values:
        values: dict[float, list[float]] = defaultdict(list)
        for one in records:
            values[one.photo.hours].append(one.values[measure])
        curve = curves.curve(name, measure, values)
        if curve is not None:
            found[measure] = curve
    rust = found.get(settings.rust_measure)
    if rust is None:
        return None
    span = rust.hours[-1] - rust.hours[0]
    horizon = settings.horizon_hours or max(2 * span, 24.0)
    grown = forecast.grow(rust, resamples=settings.resamples, seed=settings.seed)
    crossing = forecast.crossing(rust, grown, limit=settings.limit, horizon=horizon, seed=settings.seed)
    state = status.status(rust, status.rise(rust, settings.seed))
    white = found.get(WHITE)
    if white is not None and white is not rust:
        whiter = status.rise(white, settings.seed)
        if status.whitens(white, whiter):
            state = "rusting"
        elif state == "stable" and status.may_whiten(whiter):
            state = "uncertain"
    fit = grown.fit if grown else None
    actions = settings.actions or grades.read_actions()
    return PartResult(
        part=name,
        rust=rust,
        curves=found,
        grades=tuple(
            grades.grade(estimate.value, _letter(records, settings.rust_measure, hour), actions)
            for hour, estimate in zip(rust.hours, rust.estimates, strict=True)
        ),
        status=state,
        fit=fit,
        forecast=crossing,
        fan=forecast.fan(rust, grown, horizon) if grown else None,
        alerts=rules.alerts(rust, len(rust.hours) - 1, settings.limit, settings.rate_limit_per_day),
        remarks=(*_remarks(records, rust, settings.seed), *_contradictions(records, found)),
    )


def _letter(records: list[Record], measure: str, hour: float) -> grades.Distribution | None:
    """The letter that most views of a time have; the first in the alphabet where two are even."""
    letters = sorted(one.letters[measure] for one in records if one.photo.hours == hour and measure in one.letters)
    return Counter(letters).most_common(1)[0][0] if letters else None


def _remarks(records: list[Record], rust: Curve, seed: int) -> tuple[str, ...]:
    """What a reader of the figures should know: odd photographs, few views, rust that recedes, a beginning that hides
    what follows."""
    photographs: dict[str, list[str]] = defaultdict(list)
    for one in records:
        for remark in one.remarks:
            photographs[remark].append(f"T{one.photo.hours:g} view {one.photo.view}")
    said = [f"{', '.join(where)}: {remark}" for remark, where in photographs.items()]
    if len(rust.hours) == 1:
        said.append("There is one time only: a state can be told, a change cannot.")
    elif all(len(views) == 1 for views in rust.views):
        said.append("Each time has one view: intervals follow the usual spread of views, not this part's own.")
    first = rust.estimates[0].value
    if status.falls(rust, seed):
        said.append("Less is rusted at later times than before, which rust does not do: are the times in order?")
    if first >= status.COVERED:
        said.append(f"{percent(first, 0)} was rusted from the start: whether it still rusts cannot be told.")
    elif first >= grades.ISO_BOUNDS[-1]:
        said.append(f"{percent(first, 0)} was rusted at the first time, so it is no healthy reference.")
    return tuple(said)


def _contradictions(records: list[Record], found: Mapping[str, Curve]) -> tuple[str, ...]:
    """Where the area measures disagree, and the likely reason."""
    areas = {
        name: [estimate.value for estimate in curve.estimates]
        for name, curve in found.items()
        if MEASURES[name].info.is_area
    }
    start = min(one.photo.hours for one in records)
    first = [one.lightness for one in records if one.photo.hours == start and math.isfinite(one.lightness)]
    return disagreement(areas, dark=bool(first) and float(np.mean(first)) < BARE)
