"""Which files are masks, and which image each belongs to. Only names are looked at here.

Masks lie in a folder of their own (``ground_truth/scratch/000_mask.png``, ``Masks/Anomaly/000.png``) or beside their
image (``Part0_label.bmp`` beside ``Part0.jpg``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from core.datasets import names

Key = tuple[str, ...]


def split_masks(paths: Sequence[PurePosixPath]) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """(images, masks). A folder of masks counts as such only where images lie outside it and no ``train`` inside it: a
    product may well be called *mask* or *label*."""
    products = {path.parts[: i + 1] for path in paths for i in _mask_folders(path) if _is_product(path, i)}
    marked = [any(path.parts[: i + 1] not in products for i in _mask_folders(path)) for path in paths]
    if all(marked):
        marked = [False] * len(paths)
    beside = {(path.parent, path.stem) for path, is_mask in zip(paths, marked, strict=True) if not is_mask}
    images: list[PurePosixPath] = []
    masks: list[PurePosixPath] = []
    for path, is_mask in zip(paths, marked, strict=True):
        stem = names.without_mask_suffix(path.stem)
        is_mask = is_mask or (stem != path.stem and (path.parent, stem) in beside)
        (masks if is_mask else images).append(path)
    return images, masks


def match(
    images: Sequence[PurePosixPath], masks: Sequence[PurePosixPath]
) -> tuple[dict[PurePosixPath, PurePosixPath], dict[PurePosixPath, str]]:
    """({image: mask}, {mask that belongs to no image: why}).

    The folders of a mask say which image is meant, first with train and test told apart, then without, then by the
    file's name alone. A name that fits several images fits none.
    """
    indexes: list[dict[Key, list[PurePosixPath]]] = [defaultdict(list) for _ in range(3)]
    for image in images:
        for index, key in zip(indexes, _keys(image, image.stem), strict=True):
            index[key].append(image)
    found: dict[PurePosixPath, PurePosixPath] = {}
    stray: dict[PurePosixPath, str] = {}
    for mask in masks:
        owner = _owner(mask, indexes)
        if owner is None:
            stray[mask] = "a mask that belongs to no image"
        elif owner in found:
            stray[mask] = f"a second mask of {owner}: join the masks of one image in one file"
        else:
            found[owner] = mask
    return found, stray


def _owner(mask: PurePosixPath, indexes: Sequence[dict[Key, list[PurePosixPath]]]) -> PurePosixPath | None:
    stems = dict.fromkeys((names.without_mask_suffix(mask.stem), mask.stem))
    for level, index in enumerate(indexes):
        for stem in stems:
            candidates = index.get(_keys(mask, stem)[level], [])
            if len(candidates) == 1:
                return candidates[0]
    return None


def _keys(path: PurePosixPath, stem: str) -> tuple[Key, Key, Key]:
    folders = [f.casefold() for f in path.parts[:-1] if not (names.is_masks(f) or names.is_neutral(f))]
    unsplit = [folder for folder in folders if not (names.is_train(folder) or names.is_test(folder))]
    return (*folders, stem), (*unsplit, stem), (stem,)


def _mask_folders(path: PurePosixPath) -> list[int]:
    return [i for i, folder in enumerate(path.parts[:-1]) if names.is_masks(folder)]


def _is_product(path: PurePosixPath, i: int) -> bool:
    return any(names.is_train(folder) for folder in path.parts[i + 1 : -1])
