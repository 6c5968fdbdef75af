"""Splits that a dataset publishes as a table beside its folders, as VisA does (Zou et al., SPot-the-Difference
Self-supervised Pre-training for Anomaly Detection and Segmentation, ECCV 2022, arXiv:2207.14315)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from core.datasets.layouts import Place
from core.datasets.types import Split
from core.datasets.wording import count

FILE = PurePosixPath("split_csv/1cls.csv")  # of VisA's three tables the one that trains on normal images alone
COLUMNS = ("split", "image")
_SPLITS: dict[str, Split] = {"train": "train", "test": "test"}


def published(
    folder: Path, prefix: PurePosixPath, places: Mapping[PurePosixPath, Place]
) -> tuple[dict[PurePosixPath, Place], list[str]]:
    """(the places with the split that the table gives, notes). Places are relative to ``folder / prefix``, the table
    lies there or in a folder above, up to ``folder``. Unchanged where there is no table; an image that it does not name
    keeps what its folders say, and a table that cannot be read is told."""
    above = [PurePosixPath(*prefix.parts[:n]) for n in range(len(prefix.parts) + 1)]
    base = next((one for one in reversed(above) if (folder / one / FILE).is_file()), None)
    if base is None:
        return dict(places), []
    splits = _read(folder / base / FILE)
    if splits is None:
        return dict(places), [f"{FILE} is no table with the columns {' and '.join(COLUMNS)}: its split is not used."]
    inner = prefix.relative_to(base)
    named = {file: replace(place, split=split) for file, place in places.items() if (split := splits.get(inner / file))}
    if not named:
        return dict(places), [f"{FILE} names none of the images here: its split is not used."]
    notes = [f"The split is the published one, from {FILE}: {count(len(named), 'image')}."]
    if others := len(places) - len(named):
        notes.append(f"{FILE} does not name {count(others, 'image')}, whose folders decide.")
    if absent := len(splits.keys() - named.keys()):
        notes.append(f"{FILE} also names {count(absent, 'image')} that are not here.")
    return {**places, **named}, notes


def _read(path: Path) -> dict[PurePosixPath, Split] | None:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            if not set(COLUMNS) <= set(table.fieldnames or ()):
                return None
            return {
                PurePosixPath(row["image"].strip()): _SPLITS[row["split"].strip().casefold()]
                for row in table
                if row["image"] and row["split"] and row["split"].strip().casefold() in _SPLITS
            }
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
