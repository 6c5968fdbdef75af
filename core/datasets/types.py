"""What a dataset is: an immutable table of items with an identity that follows from its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

Split = Literal["train", "test"]
Label = Literal["good", "bad"]


@dataclass(frozen=True, slots=True)
class ImageItem:
    """One photograph. ``width`` and ``height`` are pixels after EXIF rotation; a label of None means nobody said."""

    name: str  # relative POSIX path, unique in its set
    path: Path
    split: Split
    category: str  # which product; the set's name where there is only one
    label: Label | None
    defect: str | None  # defect class of a bad part, where known
    width: int
    height: int
    sha256: str  # of the file's bytes
    mask: Path | None = None
    mask_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was found and left out, and why, in words for a person."""

    name: str
    reason: str


@dataclass(frozen=True)
class ImageSet:
    """Photographs with splits, labels and masks; ``items`` are sorted by name."""

    name: str
    root: Path
    format: str
    items: tuple[ImageItem, ...]
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()  # what the reader assumed or a person should know
    modality: Literal["image"] = field(default="image", init=False)

    @cached_property
    def content_id(self) -> str:
        """sha256 over names, bytes, splits, labels and masks: the same content has the same id, wherever it lies."""
        digest = hashlib.sha256(b"faultline.ImageSet.1\n")
        several = len(self.categories) > 1  # a single category is called what the set is called, which is no content
        for item in sorted(self.items, key=lambda item: item.name):
            category = item.category if several else ""
            fields = (item.name, item.sha256, item.split, category, item.label, item.defect, item.mask_sha256)
            digest.update(repr(fields).encode())
        return digest.hexdigest()

    @cached_property
    def by_name(self) -> dict[str, ImageItem]:
        return {item.name: item for item in self.items}

    @property
    def categories(self) -> list[str]:
        return sorted({item.category for item in self.items})

    def __len__(self) -> int:
        return len(self.items)

    def where(self, keep: Callable[[ImageItem], bool]) -> ImageSet:
        """The items for which ``keep`` is true, under the same name and root."""
        return replace(self, items=tuple(item for item in self.items if keep(item)))

    def normals(self, exclude: Iterable[str] = ()) -> ImageSet:
        """What a detector may learn from: training images not labelled bad, less the excluded names."""
        left_out = frozenset(exclude)
        return self.where(lambda item: item.split == "train" and item.label != "bad" and item.name not in left_out)

    def test(self) -> ImageSet:
        """The images kept from training."""
        return self.where(lambda item: item.split == "test")
