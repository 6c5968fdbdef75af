"""Is a dataset fit to train on? Counts, what is missing, copies, leaks from train to test, contradicting labels.

Copies are told by their bytes. Perceptual hashes were tried and left out: parts under a fixed camera look alike to
them (64-bit difference hash on ``magnetic_tile``: 323 pairs of different tiles with the same hash).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from core.datasets.types import ImageItem, ImageSet, Label, Split
from core.datasets.wording import count, such_as, verb

# From 39 scores on, the conformal limit for 5 % false alarms is the second highest; below, one odd image sets it alone.
RECOMMENDED_GOOD = 40


@dataclass(frozen=True, slots=True)
class Count:
    """How many images of one kind there are, and how many of them have a mask."""

    category: str
    split: Split
    label: Label | None
    defect: str | None
    n: int
    n_masks: int


@dataclass(frozen=True)
class Summary:
    """What a person should know before training. Names are item names."""

    counts: list[Count]
    sizes: list[tuple[tuple[int, int], int]]  # ((width, height), images), most frequent first
    masks_missing: list[str]  # bad images without a mask
    recommended_more: int  # good training images, over all categories
    duplicates: list[list[str]]  # groups of files with the same bytes
    leaks: list[tuple[str, str]]  # (training image, test image) with the same bytes, one pair for each test image
    conflicts: list[tuple[str, str]]  # (good, bad) with the same bytes, one pair for each bad image
    warnings: list[str]


def summary(data: ImageSet, excluded: Collection[str] = ()) -> Summary:
    """Look at a dataset without opening a file. ``excluded`` names images that nothing shall learn from: what is said
    of training does not count them."""
    duplicates = _duplicates(data)
    groups = [[data.by_name[name] for name in group] for group in duplicates]
    leaks = _pairs(groups, lambda item: item.split == "train", lambda item: item.split == "test")
    conflicts = _pairs(groups, lambda item: item.label == "good", lambda item: item.label == "bad")
    masks_missing = [item.name for item in data.items if item.label == "bad" and item.mask is None]
    shortfalls = _shortfalls(data, excluded)
    warnings = [
        *_about_training(data, shortfalls),
        *_about_copies(duplicates, leaks, conflicts),
        *_about_test(data, masks_missing),
        *_about_files(data),
    ]
    sizes = Counter((item.width, item.height) for item in data.items).most_common()
    return Summary(
        _counts(data), sizes, masks_missing, sum(shortfalls.values()), duplicates, leaks, conflicts, warnings
    )


def _counts(data: ImageSet) -> list[Count]:
    groups: dict[tuple[str, Split, Label | None, str | None], list[ImageItem]] = defaultdict(list)
    for item in data.items:
        groups[item.category, item.split, item.label, item.defect].append(item)
    counts = [Count(*key, len(items), sum(item.mask is not None for item in items)) for key, items in groups.items()]
    order = {"train": 0, "test": 1}, {"good": 0, None: 1, "bad": 2}
    return sorted(counts, key=lambda c: (c.category, order[0][c.split], order[1][c.label], c.defect or ""))


def _duplicates(data: ImageSet) -> list[list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for item in data.items:
        groups[item.sha256].append(item.name)
    return [sorted(names) for names in groups.values() if len(names) > 1]


def _pairs(
    groups: list[list[ImageItem]], one: Callable[[ImageItem], bool], other: Callable[[ImageItem], bool]
) -> list[tuple[str, str]]:
    """For each image that is ``other``: the first copy of it that is ``one``."""
    pairs = []
    for group in groups:
        first = next((item.name for item in group if one(item)), None)
        if first is not None:
            pairs += [(first, item.name) for item in group if other(item)]
    return pairs


def _shortfalls(data: ImageSet, excluded: Collection[str]) -> dict[str, int]:
    """Good images that each category should have more."""
    have = Counter(item.category for item in data.normals(excluded).items)
    return {name: max(0, RECOMMENDED_GOOD - have[name]) for name in data.categories}


def _about_training(data: ImageSet, shortfalls: dict[str, int]) -> list[str]:
    found: list[str] = []
    several = len(shortfalls) > 1
    for category, missing in shortfalls.items():
        have = RECOMMENDED_GOOD - missing
        where = f" for {category}" if several else ""
        if missing == RECOMMENDED_GOOD:
            found.append(f"There is no good image to learn from{where}; {RECOMMENDED_GOOD} are recommended.")
        elif missing:
            found.append(
                f"{missing} more good {verb(missing, 'image is', 'images are')} recommended{where}: "
                f"with {have} to learn from, a single odd one decides where the limit between good and bad lies."
            )
    bad = [item.name for item in data.items if item.split == "train" and item.label == "bad"]
    if bad:
        found.append(f"{count(len(bad), 'training image')} {such_as(bad)} labelled bad: left out when training.")
    return found


def _about_copies(
    duplicates: list[list[str]], leaks: list[tuple[str, str]], conflicts: list[tuple[str, str]]
) -> list[str]:
    found = []
    if leaks:
        n, (train, test) = len(leaks), leaks[0]
        found.append(
            f"Leakage: {count(n, 'test image')} {verb(n, 'is', 'are')} also in the training set "
            f"(such as {test}, the same file as {train}), so results will look better than they are."
        )
    if conflicts:
        n, (good, bad) = len(conflicts), conflicts[0]
        found.append(
            f"Contradiction: {count(n, 'image')} labelled bad {verb(n, 'is', 'are')} labelled good elsewhere "
            f"(such as {bad}, the same file as {good})."
        )
    spare = sum(len(group) - 1 for group in duplicates)
    if spare:
        first = duplicates[0]
        found.append(
            f"{count(spare, 'file')} {verb(spare, 'is a copy', 'are copies')} of another (such as {first[1]})."
        )
    return found


def _about_test(data: ImageSet, masks_missing: list[str]) -> list[str]:
    found = []
    test = data.test().items
    n_bad = sum(item.label == "bad" for item in test)
    n_masks = sum(item.mask is not None for item in test)
    if test and n_bad == 0:
        found.append("No test image is labelled bad: detection cannot be measured, only false alarms.")
    if test and not any(item.label == "good" for item in test):
        found.append("No test image is labelled good: false alarms cannot be measured.")
    if n_bad and not n_masks:
        found.append("There are no masks: where a defect lies can be shown but not measured.")
    elif masks_missing:
        n = len(masks_missing)
        found.append(f"{count(n, 'bad image')} {verb(n, 'has', 'have')} no mask {such_as(masks_missing)}.")
    return found


def _about_files(data: ImageSet) -> list[str]:
    if not data.rejected:
        return []
    n = len(data.rejected)
    return [f"{count(n, 'file')} {verb(n, 'was', 'were')} left out; the reasons are listed."]
