"""The photographs of a rust analysis: which file shows which part, when, and from which side.

A folder is read once. What cannot be used is listed with its reason, what was assumed or looks odd is noted; both are
facts for a person to read, not failures. The table of ``rows`` can be edited by a person and read back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath

from PIL import ExifTags

from core.datasets.images import UnreadableImage, opened
from core.datasets.probe import probe
from core.datasets.scan import scan
from core.datasets.types import Rejected
from core.errors import UserError
from core.progress import Progress
from core.severity.filenames import ONLY_VIEW, Clock, Named, parse
from core.severity.types import Photo

SITTING_HOURS = 2.0  # photographs by the clock less than this apart are views of one time
GROUND_TRUTH = "ground_truth"
MOST_HOURS = 1_000_000.0  # over a century: beyond, a number is no time
_CLOCKS: tuple[Clock, ...] = ("hours", "days and weeks", "dates")


@dataclass(frozen=True)
class PhotoRow:
    """One line of the editable table; ``hours`` is None where no time was found and a person has to tell it."""

    file: str  # relative to the folder, POSIX
    part: str
    hours: float | None
    view: str


@dataclass(frozen=True)
class Photos:
    """Photographs of one or several parts, sorted by part, time and view."""

    folder: Path
    items: tuple[Photo, ...]
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    untimed: tuple[PhotoRow, ...] = ()  # readable photographs whose time nobody told

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(sorted({photo.part for photo in self.items}))

    def of(self, part: str) -> tuple[Photo, ...]:
        return tuple(photo for photo in self.items if photo.part == part)

    def first(self, part: str) -> tuple[Photo, ...]:
        """The views of a part's first time."""
        start = min(photo.hours for photo in self.of(part))
        return tuple(photo for photo in self.of(part) if photo.hours == start)


@dataclass(frozen=True)
class _Shot:
    """A readable file, what its name says and when its camera says it was taken."""

    file: PurePosixPath
    named: Named
    taken: datetime | None
    sha256: str


def read_photos(folder: Path, progress: Progress = Progress()) -> Photos:
    """All photographs in a folder. Raises UserError where it is no folder or holds no readable photograph."""
    listing = scan(folder, progress)
    rejected = list(listing.rejected)
    images = [file for file in listing.images if GROUND_TRUTH not in file.parts]  # masks are no photographs
    shots: list[_Shot] = []
    for done, file in enumerate(images, 1):
        try:
            shots.append(_Shot(file, parse(file), _taken(folder / file), probe(folder / file).sha256))
        except UnreadableImage as error:
            rejected.append(Rejected(str(file), error.what))
        progress.report(done, len(images), "Reading photographs")
    if not shots:
        reason = f"; {rejected[0].name}: {rejected[0].reason}" if rejected else ""
        raise UserError(f"There is no readable photograph in the folder{reason}", str(folder), "Add photographs")
    doubtful = [shot for shot in shots if shot.named.objection]
    rejected += [Rejected(str(shot.file), shot.named.objection or "") for shot in doubtful]
    shots, notes = _kept_apart([shot for shot in shots if not shot.named.objection], folder)
    by_part: dict[str, list[_Shot]] = defaultdict(list)
    for shot in shots:
        by_part[shot.named.part].append(shot)
    photos: list[Photo] = []
    untimed: list[PhotoRow] = []
    for part, members in sorted(by_part.items()):
        timed, without, remarks = _timed(part, members, folder)
        photos += timed
        untimed += [PhotoRow(str(shot.file), part, None, shot.named.view) for shot in without]
        notes += remarks
    notes += _copies(shots)
    return Photos(folder, _sorted(photos), tuple(rejected), (*notes, *_facts(photos)), tuple(untimed))


def rows(photos: Photos) -> tuple[PhotoRow, ...]:
    """The editable table: every readable photograph, those without a time at the end."""
    known = (
        PhotoRow(photo.path.relative_to(photos.folder).as_posix(), photo.part, photo.hours, photo.view)
        for photo in photos.items
    )
    return (*known, *photos.untimed)


def from_rows(folder: Path, table: Iterable[PhotoRow]) -> Photos:
    """Photographs as a person's table has them; rows without a time are left out.

    Raises UserError where a file is missing or lies outside the folder, a part has no name, a time is no time, or two
    photographs claim the same part, time and view.
    """
    root = folder.resolve()
    photos: dict[tuple[str, float, str], Photo] = {}
    untimed: list[PhotoRow] = []
    for row in table:
        path = folder / row.file
        if not path.resolve().is_relative_to(root) or not path.is_file():
            raise UserError("A photograph of the table is not in the folder", row.file, "Take it out of the table")
        if not row.part.strip():
            raise UserError("A photograph has no part", row.file, "Write the part's name into the table")
        if row.hours is None:
            untimed.append(row)
            continue
        if not 0 <= row.hours <= MOST_HOURS:
            raise UserError(f"{row.hours:g} hours is no time since the start", row.file, "Correct it in the table")
        photo = Photo(row.part.strip(), float(row.hours), row.view.strip() or ONLY_VIEW, path)
        twin = photos.setdefault((photo.part, photo.hours, photo.view), photo)
        if twin is not photo:
            raise UserError(
                f"Two photographs claim to be «{photo.part}» at {photo.hours:g} h, view {photo.view}",
                f"{twin.path.name} and {path.name}",
                "Give one of them another part, time or view",
            )
    items = list(photos.values())
    if not items:
        raise UserError("No photograph of the table has a time", str(folder), "Write the hours into the table")
    return Photos(folder, _sorted(items), notes=tuple(_facts(items)), untimed=tuple(untimed))


def _taken(path: Path) -> datetime | None:
    """When the camera says it took a photograph; its own clock is not trusted further than its tag can be read."""
    with opened(path) as image:
        exif = image.getexif()
        text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    try:
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _kept_apart(shots: list[_Shot], folder: Path) -> tuple[list[_Shot], list[str]]:
    """Parts of one name in several folders are different parts; photographs of one name are further views."""
    for shot in [shot for shot in shots if not shot.named.part]:
        shots[shots.index(shot)] = replace(shot, named=replace(shot.named, part=folder.resolve().name))
    notes: list[str] = []
    taken: Counter[tuple[object, ...]] = Counter()
    kept = []
    for shot in shots:
        named = shot.named
        key = (named.part, named.clock, named.hours, named.moment, named.view)
        taken[key] += 1
        if taken[key] > 1 and named.clock:
            notes.append(
                f"{shot.file} has the part, time and view of another photograph: it is taken as a further view."
            )
            named = replace(named, view=f"{named.view} ({taken[key]})")
        kept.append(replace(shot, named=named))
    return kept, notes


def _timed(part: str, shots: Sequence[_Shot], folder: Path) -> tuple[list[Photo], list[_Shot], list[str]]:
    """A part's photographs with hours by one clock: the best of those its names and its camera offer."""
    notes: list[str] = []
    for clock in _CLOCKS:
        told = [shot for shot in shots if shot.named.clock == clock]
        if told:
            break
    else:
        told = [shot for shot in shots if shot.taken]
        if not told:
            return (
                [],
                list(shots),
                [f"«{part}»: neither the names nor the camera tell a time; write it into the table."],
            )
        notes.append(f"«{part}»: the names tell no time, so the camera's clock is used.")
        told = [replace(shot, named=replace(shot.named, clock="dates", moment=shot.taken)) for shot in told]
    if told[0].named.clock == "dates":
        photos = _sittings(part, told, folder)
    else:
        # A first T24 is a day after the start; week numbers are a calendar's, so the first one is the start.
        start = min(shot.named.hours or 0.0 for shot in told) if told[0].named.clock == "days and weeks" else 0.0
        photos = [Photo(part, (shot.named.hours or 0.0) - start, shot.named.view, folder / shot.file) for shot in told]
        notes += _disorder(part, [(p.hours, s.taken) for p, s in zip(photos, told, strict=True) if s.taken])
    rest = [shot for shot in shots if str(shot.file) not in {str(other.file) for other in told}]
    return photos, rest, notes


def _sittings(part: str, shots: Sequence[_Shot], folder: Path) -> list[Photo]:
    """Photographs by date: those of one sitting share the time of its first one."""
    ordered = sorted(((shot.named.moment or datetime.min, shot) for shot in shots), key=lambda pair: pair[0])
    start = now = previous = ordered[0][0]
    photos: list[Photo] = []
    for moment, shot in ordered:
        if (moment - previous).total_seconds() / 3600 > SITTING_HOURS:
            now = moment
        previous = moment
        hours, view = (now - start).total_seconds() / 3600, shot.named.view
        same = sum(photo.hours == hours and photo.view.split(" (")[0] == view for photo in photos)
        photos.append(Photo(part, hours, f"{view} ({same + 1})" if same else view, folder / shot.file))
    return photos


def _disorder(part: str, known: list[tuple[float, datetime | None]]) -> list[str]:
    """A note where the camera's clock runs against the names' order."""
    first: dict[float, datetime] = {}
    for hours, taken in known:
        if taken is not None:
            first[hours] = min(taken, first.get(hours, taken))
    for (early, one), (late, other) in pairwise(sorted(first.items())):
        if other < one:
            return [
                f"«{part}»: by the camera's clock {late:g} h was taken before {early:g} h; the order of the names is "
                "kept. Correct the times in the table if it is wrong."
            ]
    return []


def _copies(shots: Sequence[_Shot]) -> list[str]:
    """A note for each photograph that was handed in twice."""
    seen: dict[str, _Shot] = {}
    pairs = ((shot, seen.setdefault(shot.sha256, shot)) for shot in shots)
    return [f"{shot.file} is the same picture as {first.file}." for shot, first in pairs if shot is not first]


def _facts(photos: Sequence[Photo]) -> list[str]:
    """What limits an analysis: a part with one or two times."""
    times: dict[str, set[float]] = defaultdict(set)
    for photo in photos:
        times[photo.part].add(photo.hours)
    notes = []
    for part, hours in sorted(times.items()):
        if len(hours) == 1:
            notes.append(f"«{part}» has photographs of one time only: a state can be told, a change cannot.")
        elif len(hours) == 2:
            notes.append(f"«{part}» has photographs of two times: a change can be told, a forecast cannot.")
    return notes


def _sorted(photos: Iterable[Photo]) -> tuple[Photo, ...]:
    return tuple(sorted(photos, key=lambda photo: (photo.part, photo.hours, photo.view)))
