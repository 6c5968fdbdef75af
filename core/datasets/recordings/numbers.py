"""Columns of text as numbers, and what to say where they are none."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.dialect import GROUPED, shown
from core.datasets.wording import count
from core.errors import UserError

TEXT_SHARE = 0.5  # a column with more text than this is left out: it is no sensor with a few bad readings
_ONCE = re.compile(r"[+-]?\d+[.,]\d{3}")  # thousands or a fraction: nobody can tell from one such number
_SMALL = re.compile(r"[+-]?\d{1,3}")


def parsed(
    text: pd.Series, name: str, decimal: Literal[".", ","], where: str
) -> tuple[NDArray[np.float32] | None, list[str]]:
    """(n,) float32, NaN where the text is missing, and notes; None for a column that is mostly text.

    Numbers with thousands set apart and numbers with the other decimal mark are read and counted. UserError with
    column, row and value for other text.
    """
    present = text.notna().to_numpy()
    mark, other = decimal, "," if decimal == "." else "."
    usual = text if mark == "." else text.str.replace(",", ".", regex=False)
    found = pd.to_numeric(usual, errors="coerce").to_numpy(np.float64, na_value=np.nan).copy()
    odd = present & np.isnan(found)
    if mark == ",":
        odd |= present & text.str.contains(".", regex=False, na=False).to_numpy()
    notes = []
    if odd.any():
        candidates = text[odd]
        grouped = all(map(GROUPED[mark].fullmatch, candidates))
        if grouped and _thousands(candidates, text[present & ~odd]):
            between = GROUPED[mark].fullmatch(candidates.iloc[0])[1]  # type: ignore[index]
            joined = candidates.str.replace(f"[^0-9{mark}+-]", "", regex=True).str.replace(mark, ".", regex=False)
            found[odd] = pd.to_numeric(joined)
            counted = f"{count(int(odd.sum()), 'number')} with «{between}» between thousands"
            notes.append(f"{where}, {name}: {counted}, such as {shown(candidates.iloc[0])}.")
            odd[:] = False
        elif grouped and mark == ".":
            odd[:] = False
        elif mark == ".":
            found[odd] = pd.to_numeric(candidates.str.replace(",", ".", regex=False), errors="coerce")
            odd &= ~np.isnan(found)
    if n_other := int((odd & ~np.isnan(found)).sum()):
        counted = f"{count(n_other, 'number')} with «{other}» for the decimal mark"
        notes.append(f"{where}, {name}: {counted}, such as {shown(text[odd].iloc[0])}, read so.")
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


def _thousands(grouped: pd.Series, others: pd.Series) -> bool:
    """Whether numbers that could have their thousands set apart have: one of them cannot be read otherwise, or the
    column's other numbers are whole and below a thousand."""
    return not all(map(_ONCE.fullmatch, grouped)) or all(map(_SMALL.fullmatch, others))
