"""Numbers in plain text, without a header: the way research sets are published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.dialect import shown
from core.errors import UserError


def text_matrix(path: Path, separator: str, columns: int | None = None) -> NDArray[np.float64]:
    """(n, d) from text with ``separator`` (a regular expression such as ``\\s+`` is one). UserError, a sentence with
    row and column, for text, missing fields, an empty file, or another number of columns than ``columns``."""
    try:
        frame = pd.read_csv(path, sep=separator, header=None, low_memory=False)
    except pd.errors.EmptyDataError:
        raise UserError(f"{path.name} is empty", str(path)) from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is no table of numbers ({shown(error)})", str(path)) from error
    if columns is not None and frame.shape[1] != columns:
        raise UserError(f"{path.name} has {frame.shape[1]} columns, not {columns}", str(path))
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            numbers = pd.to_numeric(frame[column], errors="coerce")
            row = int(numbers.isna().to_numpy().argmax())
            value = shown(frame[column].iloc[row])[:40]
            raise UserError(
                f"{path.name} holds «{value}» in row {row + 1}, column {column + 1}, not a number", str(path)
            )
    found: NDArray[np.float64] = frame.to_numpy(np.float64)
    if np.isnan(found).any():
        row, column = map(int, np.argwhere(np.isnan(found))[0])
        raise UserError(f"{path.name} lacks a number in row {row + 1}, column {column + 1}", str(path))
    return found


def named_columns(path: Path, separator: str, columns: Sequence[str], plain: Callable[[str], str]) -> pd.DataFrame:
    """These columns of a CSV with a header, which ``plain`` spells as here. UserError where one is missing."""
    try:
        frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", low_memory=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is no table ({shown(error)})", str(path)) from error
    frame = frame.rename(columns=plain)
    missing = [column for column in columns if column not in frame]
    if missing:
        raise UserError(f"{path.name} has no column {missing[0]}", str(path), "Fetch the file again")
    return frame[list(columns)]
