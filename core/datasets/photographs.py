"""From a folder of photographs to an ``ImageSet``: list, recognise the layout, look into every file, put together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TypeVar

from core.datasets import layouts, names, splittable
from core.datasets.assemble import assemble
from core.datasets.images import UnreadableImage
from core.datasets.layouts import FORMATS, ReaderInfo
from core.datasets.masks import match, split_masks
from core.datasets.probe import probe, probe_mask
from core.datasets.scan import scan
from core.datasets.types import ImageSet, Rejected
from core.datasets.wording import count
from core.errors import UserError
from core.progress import Progress

_THREADS = min(8, os.cpu_count() or 1)  # decoding and hashing leave the interpreter's lock

T = TypeVar("T")


def read_images(
    path: Path, *, format: str | None = None, name: str | None = None, progress: Progress = Progress()
) -> ImageSet:
    """The photographs in a folder, its layout recognised or named by ``format`` (a key of ``layouts.FORMATS``).

    Every file is opened once: what cannot be read is in ``rejected`` with the reason, what was assumed is in ``notes``.
    Raises UserError where there is nothing readable, or where ``format`` is unknown or does not fit.
    """
    path = path.absolute()  # a job may read the images from another working directory
    listing = scan(path, progress)
    prefix, _ = layouts.strip([*listing.images, *(PurePosixPath(r.name) for r in listing.rejected)])
    root = path / prefix
    files = [file.relative_to(prefix) for file in listing.images]
    rejected = [Rejected(str(PurePosixPath(r.name).relative_to(prefix)), r.reason) for r in listing.rejected]
    if not files:
        raise _nothing(path, rejected)

    set_name = name or next(
        (part for part in reversed(prefix.parts) if not names.is_neutral(part)), path.resolve().name
    )
    asked = _known(format, path)
    images, masks = split_masks(files) if asked is None or asked.has_masks else (files, [])
    wrapper, inside = layouts.strip(images)
    info = _fitting(asked, inside, path) if asked else layouts.recognise(inside)
    plan = info.place(inside, set_name)
    places = {wrapper / file: place for file, place in plan.places.items()}
    places, split_notes = splittable.published(path, prefix, places)
    rejected += [Rejected(str(wrapper / file), reason) for file, reason in plan.stray.items()]
    passed_over = count(listing.companions, "file")
    companions = [f"Notes, tables and hidden files were passed over: {passed_over}."] if listing.companions else []

    mask_of, stray_masks = match(list(places), masks)
    rejected += [Rejected(str(file), reason) for file, reason in stray_masks.items()]
    work = len(places) + len(mask_of)
    probes = _look(root, places, probe, rejected, progress.part(0, len(places) / work), "Reading images")
    used = [mask for image, mask in mask_of.items() if image in probes]
    idle = [mask for image, mask in mask_of.items() if image not in probes]
    rejected += [Rejected(str(mask), "the mask of an image that cannot be read") for mask in idle]
    mask_probes = _look(root, used, probe_mask, rejected, progress.part(len(places) / work, 1), "Reading masks")
    if not probes:
        raise _nothing(path, rejected)
    items, unfit_masks, remarks = assemble(root, places, probes, mask_of, mask_probes)
    return ImageSet(
        name=set_name,
        root=root,
        format=info.name,
        items=tuple(sorted(items, key=lambda item: item.name)),
        rejected=tuple(sorted([*rejected, *unfit_masks], key=lambda one: one.name)),
        notes=(*plan.notes, *split_notes, *remarks, *companions),
    )


def _known(format: str | None, where: Path) -> ReaderInfo | None:
    if format is not None and format not in FORMATS:
        remedy = f"Choose one of {', '.join(FORMATS)}"
        raise UserError(f"There is no dataset format named {format}", str(where), remedy)
    return FORMATS[format] if format is not None else None


def _fitting(asked: ReaderInfo, paths: list[PurePosixPath], where: Path) -> ReaderInfo:
    """The layout that was asked for. UserError where the folder is not laid out so."""
    misfit = asked.recognise(paths)
    if misfit:
        remedy = f"Leave the format out to have it recognised, or choose one of {', '.join(FORMATS)}"
        raise UserError(f"The folder is not in the format {asked.name}: {misfit}", str(where), remedy)
    return asked


def _nothing(path: Path, rejected: list[Rejected]) -> UserError:
    if not rejected:
        remedy = "Name a folder with PNG, JPEG, TIFF or BMP images"
        return UserError("There is no image in the folder", str(path), remedy)
    what = f"None of the {len(rejected)} files in the folder is a readable image"
    return UserError(f"{what}; {rejected[0].name}: {rejected[0].reason}", str(path))


def _look(
    root: Path,
    files: Iterable[PurePosixPath],
    look: Callable[[Path], T],
    rejected: list[Rejected],
    progress: Progress,
    stage: str,
) -> dict[PurePosixPath, T]:
    """What ``look`` finds in each file; those it cannot read are added to ``rejected``. Some threads, bounded memory:
    only results are kept."""
    todo = list(files)
    found: dict[PurePosixPath, T] = {}

    def one(file: PurePosixPath) -> T | UnreadableImage:
        try:
            return look(root / file)
        except UnreadableImage as error:
            return error

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="read") as pool:
        try:
            for done, (file, result) in enumerate(zip(todo, pool.map(one, todo), strict=True), start=1):
                if isinstance(result, UnreadableImage):
                    rejected.append(Rejected(str(file), result.what))
                else:
                    found[file] = result
                progress.report(done, len(todo), stage)
        except BaseException:  # a cancelled import must not read the other thousands first
            pool.shutdown(cancel_futures=True)
            raise
    return found
