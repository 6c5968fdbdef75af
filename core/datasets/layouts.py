"""The layouts of a dataset's folders: from relative paths alone to splits, labels and categories.

A layout says whether it fits (``recognise``: None, or why not) and what each image is (``place``). Folder names are
compared without case and punctuation (``names.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.datasets import names
from core.datasets.types import Label, Split
from core.datasets.wording import count


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image belongs. A ``split`` of None leaves it to ``assemble``."""

    split: Split | None
    category: str
    label: Label | None
    defect: str | None


@dataclass
class Plan:
    """What a layout makes of a list of paths."""

    places: dict[PurePosixPath, Place]
    stray: dict[PurePosixPath, str]  # path to reason
    notes: list[str]


Paths = Sequence[PurePosixPath]


@dataclass(frozen=True)
class ReaderInfo:
    """A layout in words, and how it is recognised and read. Paths are relative to the dataset's folder."""

    name: str
    title: str
    example: str
    recognise: Callable[[Paths], str | None]  # None: it fits; otherwise why it does not
    place: Callable[[Paths, str], Plan]  # paths, category
    has_masks: bool = True  # otherwise a file named like a mask is an image as well


def mvtec_misfit(paths: Paths) -> str | None:
    if any(names.is_split(folder) for folder in _top(paths)):
        return None
    return "no folder is named train or test"


def place_mvtec(paths: Paths, category: str) -> Plan:
    """``train/good``, ``test/good``, ``test/<defect>``. Below ``train``, folders that are not good are bad if a good
    one is beside them; below ``test``, every folder that is not good names a defect."""
    plan = Plan({}, {}, [])
    train_has_good = any(names.is_train(p.parts[0]) and any(map(names.is_good, p.parts[1:-1])) for p in paths)
    unnamed = 0
    for path in paths:
        top, inner = path.parts[0], _folders(path)[1:]
        if len(path.parts) == 1 or not names.is_split(top):
            plan.stray[path] = "lies outside the train and test folders"
            continue
        split: Split = "train" if names.is_train(top) else "test"
        label, defect = _judge(inner, others_are_defects=split == "test" or train_has_good)
        unnamed += label is None
        plan.places[path] = Place(split, category, label, defect)
    if unnamed:
        plan.notes.append(f"In no good or defect folder, so the label is unknown: {count(unnamed, 'image')}.")
    if any(names.plain(folder).startswith("val") for folder in _top(paths)):
        plan.notes.append("The validation images are counted as training images.")
    return plan


def good_bad_misfit(paths: Paths) -> str | None:
    if any(names.is_good(folder) or names.is_bad(folder) for folder in _top(paths)):
        return None
    return "no folder is named good or bad (or ok, ng, normal, defective, ...)"


def place_good_bad(paths: Paths, category: str) -> Plan:
    """``good`` and ``bad``, in which subfolders name defects; without ``bad``, the folders beside ``good`` do."""
    plan = Plan({}, {}, [])
    others_are_defects = not any(names.is_bad(folder) for folder in _top(paths))
    for path in paths:
        label, defect = _judge(_folders(path), others_are_defects=others_are_defects)
        if label is None:
            plan.stray[path] = "lies in neither a good nor a bad folder"
        else:
            plan.places[path] = Place(None, category, label, defect)
    return plan


def categories_misfit(paths: Paths) -> str | None:
    tops = _top(paths)
    if any(len(path.parts) == 1 for path in paths):
        return "images lie directly in the folder, outside any category"
    if len(tops) < 2:
        return "there are not two folders of images or more"
    roles = sorted(folder for folder in tops if names.has_role(folder))
    return f"the folder {roles[0]} is part of another layout" if roles else None


def place_categories(paths: Paths, category: str) -> Plan:
    """Each folder is a product, in any of the layouts. Products inside products are named ``outer/inner``."""
    plan = Plan({}, {}, [])
    layouts: dict[str, list[str]] = {}
    for folder in _top(paths):
        inner = [path for path in paths if len(path.parts) > 1 and path.parts[0] == folder]
        prefix, stripped = strip([PurePosixPath(*path.parts[1:]) for path in inner])
        info = recognise(stripped)
        part = info.place(stripped, folder)
        layouts.setdefault(info.name, []).append(folder)
        base = PurePosixPath(folder) / prefix
        for path, place in part.places.items():
            nested = place.category if info.name != CATEGORIES.name else f"{folder}/{place.category}"
            plan.places[base / path] = Place(place.split, nested, place.label, place.defect)
        plan.stray.update({base / path: reason for path, reason in part.stray.items()})
        plan.notes += [f"{folder}: {note}" for note in part.notes]
    for path in paths:
        if len(path.parts) == 1:
            plan.stray[path] = "lies outside the category folders"
    read_as = "; ".join(f"{len(folders)} as {name}" for name, folders in sorted(layouts.items()))
    plan.notes.insert(0, f"Each of the {len(_top(paths))} folders was taken for a category ({read_as}).")
    return plan


def flat_misfit(paths: Paths) -> str | None:
    return None


def place_flat(paths: Paths, category: str) -> Plan:
    """Photographs that nobody labelled. All may be learned from."""
    places = {path: Place(None, category, None, None) for path in paths}
    return Plan(places, {}, ["No folder says which parts are good."])


MVTEC = ReaderInfo(
    "mvtec", "Training and test folders (MVTec)", "train/good, test/good, test/scratch, ground_truth/scratch",
    mvtec_misfit, place_mvtec,
)  # fmt: skip
GOOD_BAD = ReaderInfo("good-bad", "Good and bad folders", "good, bad", good_bad_misfit, place_good_bad)
CATEGORIES = ReaderInfo(
    "categories", "Several products", "bolt/train/good, nut/train/good", categories_misfit, place_categories
)
FLAT = ReaderInfo("flat", "One folder, unlabelled", "0001.jpg, 0002.jpg", flat_misfit, place_flat)
PARTS = ReaderInfo("parts", "Every picture is a part", "a.jpg, a_mask.jpg", flat_misfit, place_flat, has_masks=False)
FORMATS: dict[str, ReaderInfo] = {info.name: info for info in (MVTEC, GOOD_BAD, CATEGORIES, FLAT, PARTS)}


def recognise(paths: Paths) -> ReaderInfo:
    """The first layout that fits; flat always does, so that one without masks is only ever chosen by a person."""
    return next(info for info in FORMATS.values() if info.recognise(paths) is None)


def strip(paths: Paths) -> tuple[PurePosixPath, list[PurePosixPath]]:
    """Leave out folders that only wrap the rest: (the wrapper, the paths inside it). A folder named after a role, such
    as *test*, wraps too where train and test folders lie in it."""
    prefix = PurePosixPath()
    inside = list(paths)
    while inside and all(len(path.parts) > 1 for path in inside):
        tops = _top(inside)
        holds_splits = any(len(path.parts) > 2 and names.is_split(path.parts[1]) for path in inside)
        if len(tops) > 1 or (names.has_role(tops[0]) and not holds_splits):
            break
        prefix /= tops[0]
        inside = [PurePosixPath(*path.parts[1:]) for path in inside]
    return prefix, inside


def _judge(folders: Sequence[str], *, others_are_defects: bool) -> tuple[Label | None, str | None]:
    """Label and defect class from the folders above an image, outermost first."""
    known = [folder for folder in folders if not names.is_neutral(folder)]
    for position, folder in enumerate(known):
        if names.is_good(folder):
            return "good", None
        if names.is_bad(folder):
            if not names.is_nameless_defect(folder):
                return "bad", folder
            return "bad", known[position + 1] if position + 1 < len(known) else None
    if known and others_are_defects:
        return "bad", known[0]
    return None, None


def _folders(path: PurePosixPath) -> tuple[str, ...]:
    return path.parts[:-1]


def _top(paths: Iterable[PurePosixPath]) -> list[str]:
    return sorted({path.parts[0] for path in paths if len(path.parts) > 1})
