"""Which files are masks, and which image each belongs to. Only names are looked at here.

Masks lie in a folder of their own (``ground_truth/scratch/000_mask.png``, ``Masks/Anomaly/000.png``) or beside their
image (``Part0_label.bmp`` beside ``Part0.jpg``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
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

    The folders of a mask say which image is meant: first with train and test told apart, then without, then as the
    beginning of the image's folders (all masks of a product in one folder). What fits several images fits none.
    """
    exact: dict[Key, list[PurePosixPath]] = defaultdict(list)
    unsplit: dict[Key, list[PurePosixPath]] = defaultdict(list)
    by_stem: dict[str, list[PurePosixPath]] = defaultdict(list)
    for image in images:
        exact[(*_folders(image), image.stem)].append(image)
        unsplit[(*_unsplit(image), image.stem)].append(image)
        by_stem[image.stem].append(image)

    def candidates(mask: PurePosixPath, stem: str) -> Iterator[list[PurePosixPath]]:
        within = _unsplit(mask)
        yield exact.get((*_folders(mask), stem), [])
        yield unsplit.get((*within, stem), [])
        yield [image for image in by_stem.get(stem, []) if _unsplit(image)[: len(within)] == within]

    found: dict[PurePosixPath, PurePosixPath] = {}
    stray: dict[PurePosixPath, str] = {}
    for mask in masks:
        stems = dict.fromkeys((names.without_mask_suffix(mask.stem), mask.stem))
        owner = next((fit[0] for stem in stems for fit in candidates(mask, stem) if len(fit) == 1), None)
        if owner is None:
            stray[mask] = "a mask that belongs to no image"
        elif owner in found:
            stray[mask] = f"a second mask of {owner}: join the masks of one image in one file"
        else:
            found[owner] = mask
    return found, stray


def _folders(path: PurePosixPath) -> Key:
    """The folders that tell images apart, in any case of letters."""
    kept = (folder for folder in path.parts[:-1] if not (names.is_masks(folder) or names.is_neutral(folder)))
    return tuple(folder.casefold() for folder in kept)


def _unsplit(path: PurePosixPath) -> Key:
    return tuple(folder for folder in _folders(path) if not names.is_split(folder))


def _mask_folders(path: PurePosixPath) -> list[int]:
    return [i for i, folder in enumerate(path.parts[:-1]) if names.is_masks(folder)]


def _is_product(path: PurePosixPath, i: int) -> bool:
    return any(names.is_train(folder) for folder in path.parts[i + 1 : -1])
