"""Columns of text as numbers, and what to say where they are none."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.dialect import shown
from core.errors import UserError

TEXT_SHARE = 0.5  # a column with more text than this is left out: it is no sensor with a few bad readings
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


def parsed(
    text: pd.Series, name: str, decimal: Literal[".", ","], where: str
) -> tuple[NDArray[np.float32] | None, list[str]]:
    """(n,) float32, NaN where the text is missing, and notes; None for a column that is mostly text.

    Numbers with the other decimal mark are read and counted. UserError with column, row and value for other text.
    """
    present = text.notna().to_numpy()
    mark, other = decimal, "," if decimal == "." else "."
    usual = text if mark == "." else text.str.replace(",", ".", regex=False)
    found = pd.to_numeric(usual, errors="coerce").to_numpy(np.float64, na_value=np.nan).copy()
    odd = (
        present & np.isnan(found) if mark == "." else present & text.str.contains(".", regex=False, na=False).to_numpy()
    )
    notes = []
    if mark == "." and odd.any():
        candidates = text[odd]
        if not candidates.str.fullmatch(_THOUSANDS).all():
            found[odd] = pd.to_numeric(candidates.str.replace(",", ".", regex=False), errors="coerce")
            odd &= ~np.isnan(found)
        else:
            odd[:] = False
    if n_other := int((odd & ~np.isnan(found)).sum()):
        first = shown(text[odd].iloc[0])
        notes.append(
            f"{where}, {name}: {n_other} numbers with «{other}» for the decimal mark, such as {first}, read so."
        )
    bad = present & np.isnan(found)
    if bad.sum() > TEXT_SHARE * max(present.sum(), 1):
        return None, [f"{where}: the column {name} is left out, for it is mostly text."]
    if bad.any():
        row = int(bad.argmax())
        raise UserError(
            f"The column {name} holds the text «{shown(text.iloc[row])[:40]}» in row {row + 1}, not a number",
            where,
            "Correct the value or empty it, or leave the column out",
        )
    with np.errstate(over="ignore"):
        return found.astype(np.float32), notes
