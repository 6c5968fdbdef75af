"""The last step of reading: places, probes and masks become items. Labels that masks imply, and the split rule."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from core.datasets.layouts import Place
from core.datasets.probe import MaskProbe, Probe
from core.datasets.types import ImageItem, Rejected, Split
from core.datasets.wording import count, percent, such_as

HELD_FOR_TEST = 0.2  # share of the good images kept for test where the folders do not say
_SAME_SHAPE = 0.01  # relative difference of aspect ratio up to which a mask is a resized copy of its image's frame


def assemble(
    root: Path,
    places: Mapping[PurePosixPath, Place],
    probes: Mapping[PurePosixPath, Probe],
    mask_of: Mapping[PurePosixPath, PurePosixPath],
    mask_probes: Mapping[PurePosixPath, MaskProbe],
) -> tuple[list[ImageItem], list[Rejected], list[str]]:
    """(items, masks that do not fit their image, notes)."""
    remarks = _Remarks()
    rejected: list[Rejected] = []
    items: list[ImageItem] = []
    undecided: list[ImageItem] = []
    for file, seen in probes.items():
        place = places[file]
        item = ImageItem(
            name=str(file),
            path=root / file,
            split=place.split or "train",
            category=place.category,
            label=place.label,
            defect=place.defect,
            width=seen.width,
            height=seen.height,
            sha256=seen.sha256,
        )
        if seen.frames > 1:
            remarks.add("Several frames or pages, of which the first is used", item.name)
        mask_file = mask_of.get(file)
        if mask_file is not None and mask_file in mask_probes:
            mask = mask_probes[mask_file]
            if _same_shape(item, mask):
                item = _with_mask(item, root / mask_file, mask, remarks)
            else:
                reason = f"a mask of {mask.width} x {mask.height} pixels for an image of {item.width} x {item.height}"
                rejected.append(Rejected(str(mask_file), reason))
        (items if place.split else undecided).append(item)
    decided, split_note = _split(undecided)
    return items + decided, rejected, remarks.sentences() + split_note


def _with_mask(item: ImageItem, path: Path, mask: MaskProbe, remarks: _Remarks) -> ImageItem:
    """The item with its mask, and with the label that the mask implies where the folders gave none."""
    if mask.share == 0:
        if item.label is None:
            return replace(item, label="good")
        if item.label == "bad":
            remarks.add("Empty mask of a bad part, counted as no mask", item.name)
        return item
    if item.label == "good":
        remarks.add("Mask that marks a defect on a part from a good folder, ignored", item.name)
        return item
    if item.label is None:
        remarks.add("Labelled bad because the mask marks a defect", item.name)
    if (mask.width, mask.height) != (item.width, item.height):
        remarks.add("Mask of another size than its image, scaled to it", item.name)
    return replace(item, label="bad", mask=path, mask_sha256=mask.sha256)


def _same_shape(item: ImageItem, mask: MaskProbe) -> bool:
    ratio = (item.width * mask.height) / (item.height * mask.width)
    return abs(ratio - 1) <= _SAME_SHAPE


def _split(items: list[ImageItem]) -> tuple[list[ImageItem], list[str]]:
    """Bad images to test; good ones to train, but for a part that follows from their bytes. So the split is the same
    on every machine, stays when images are added, and never puts two copies of an image on both sides."""
    if all(item.label is None for item in items):
        return items, ["The images are unlabelled, and all may be trained on."] if items else []
    held = {item.name for item in items if item.label == "good" and _draw(item.sha256) < HELD_FOR_TEST}
    n_good = sum(item.label == "good" for item in items)
    if len(held) == n_good:
        held = set()  # a handful of images that all drew "test" would leave nothing to learn from

    def split_of(item: ImageItem) -> Split:
        return "test" if item.label == "bad" or item.name in held else "train"

    if not held:
        all_good = "the good one" if n_good == 1 else f"all {n_good} good ones"
        note = (
            f"The folders do not say what to train on: bad images are for test, and {all_good} for "
            "training: too few for any to be kept for the test."
        )
        return [replace(item, split=split_of(item)) for item in items], [note]
    note = (
        f"The folders do not say what to train on: bad images are for test, and so are {len(held)} of the {n_good} "
        f"good ones (about {percent(HELD_FOR_TEST, 0)}, chosen by their content); the others are for training."
    )
    return [replace(item, split=split_of(item)) for item in items], [note]


def _draw(sha256: str) -> float:
    """A number from 0 to 1 that only depends on an image's bytes."""
    return int(hashlib.sha256(f"faultline.split.1 {sha256}".encode()).hexdigest()[:12], 16) / 16**12


class _Remarks:
    """Sentences that hold for many images, told once with a count and an example."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = defaultdict(list)

    def add(self, what: str, name: str) -> None:
        self._names[what].append(name)

    def sentences(self) -> list[str]:
        return [
            f"{what}: {count(len(names), 'image')} {such_as(sorted(names))}." for what, names in self._names.items()
        ]
