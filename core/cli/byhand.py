"""What people said by hand of images, read from files: names to leave out; labels as the Inspect page writes them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import cast, get_args

from core.datasets.said import Judgement, Said
from core.datasets.types import ImageSet
from core.errors import UserError

ITEM, LABEL = "item", "your_label"  # columns


def left_out(path: Path | None, data: ImageSet) -> frozenset[str]:
    """The names in a text file, one a line; none without a file. UserError for one that is not in ``data``."""
    if path is None:
        return frozenset()
    lines = _text(path, "The list of names to leave out").splitlines()
    found = frozenset(line.strip() for line in lines if line.strip())
    _refuse_strangers(found, data, path)
    return found


def labels(path: Path | None, data: ImageSet) -> dict[str, Judgement]:
    """Judgements by image name from a CSV with the columns item and your_label; none without a file. UserError for a
    name that is not in ``data`` and for another word than good, bad or unsure."""
    if path is None:
        return {}
    rows = csv.DictReader(_text(path, "The labels").splitlines())
    if not {ITEM, LABEL} <= set(rows.fieldnames or ()):
        raise UserError(
            f"The labels lack a column «{ITEM}» or «{LABEL}»", str(path), "Download «Your labels» on the Inspect page"
        )
    found: dict[str, Judgement] = {}
    for row in rows:
        if row[LABEL] not in get_args(Judgement):
            raise UserError(f"«{row[LABEL]}» is no label of {row[ITEM]}", str(path), "Write good, bad or unsure")
        found[row[ITEM]] = cast(Judgement, row[LABEL])
    _refuse_strangers(found, data, path)
    return found


def said(labelled: Path | None, excluded: Path | None, data: ImageSet) -> Said:
    """Both of one set."""
    return Said(labels(labelled, data), left_out(excluded, data))


def _refuse_strangers(names: Iterable[str], data: ImageSet, path: Path) -> None:
    unknown = set(names) - data.by_name.keys()
    if unknown:
        raise UserError(f"«{min(unknown)}» is not in the dataset", str(path), "Take its line out")


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{what} cannot be read", f"{path}: {error}", "Give a text file") from error
