"""Label columns: which rows are anomalous, and of which kind."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.dialect import shown
from core.datasets.series import Event
from core.errors import UserError

_NORMAL = frozenset(
    [
        "normal",
        "ok",
        "good",
        "healthy",
        "nominal",
        "benign",
        "none",
        "no",
        "false",
        "0",
        "0.0",
        "n",
        "regular",
        "noanomaly",
        "nofault",
        "nofailure",
        "no_failure",
    ]
)
_SAYS_ONLY_THAT = frozenset(
    [
        "1",
        "1.0",
        "-1",
        "-1.0",
        "true",
        "yes",
        "anomaly",
        "anomalous",
        "abnormal",
        "attack",
        "fault",
        "failure",
        "bad",
        "y",
    ]
)


def normal_value(values: list[str]) -> str | None:
    """Which of a label's distinct values means normal; None where they do not say."""
    plain = {value: value.strip().casefold() for value in values}
    for value, word in plain.items():
        if word in _NORMAL or word.replace(" ", "") in _NORMAL:
            return value
    if {_number(value) for value in values} <= {-1.0, 1.0}:  # scikit-learn, WADI: -1 is the anomaly
        return next((value for value in values if _number(value) == 1.0), None)
    return None


def kinds(column: pd.Series, normal: str | None, where: str) -> tuple[pd.Series, list[str]]:
    """(n,) text, missing where the row is normal, and notes. Rows without a label count as normal. UserError where the
    labels do not say which is normal and ``normal`` is None."""
    text = column.astype("string").str.strip()
    values = [str(value) for value in text.dropna().unique()]
    usual = normal if normal is not None else normal_value(values)
    anomalous_only = {value.casefold() for value in values} <= _SAYS_ONLY_THAT
    if usual is None and values and not anomalous_only:
        first = ", ".join(map(shown, values[:5]))
        raise UserError(
            f"The labels do not say which of them is normal: {first}", where, "Name the normal label in the mapping"
        )
    notes = []
    if missing := int(text.isna().sum()):
        notes.append(f"{where}: {missing} rows have no label and count as normal.")
    if usual is not None and _number(usual) == 1.0:
        notes.append(f"{where}: the label 1 is normal and -1 anomalous.")
    return text.where(text != usual) if usual is not None else text, notes


def events(found: pd.Series) -> tuple[Event, ...]:
    """Runs of the same kind in the (n,) text that ``kinds`` gives, in order of time."""
    codes, names = pd.factorize(found)
    edges: NDArray[np.intp] = np.flatnonzero(np.diff(codes)) + 1
    bounds = [0, *edges.tolist(), len(codes)]
    result = []
    for start, stop in pairwise(bounds):
        if start < stop and codes[start] >= 0:
            kind = str(names[codes[start]])
            result.append(Event(start, stop, kind=None if kind.casefold() in _SAYS_ONLY_THAT else kind))
    return tuple(result)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
