"""Which units, or which part of each, a table's detectors learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.tablemapping import TableMapping
from core.datasets.recordings.times import time_unit
from core.datasets.recordings.units import divided, drawn
from core.datasets.series import SeriesUnit
from core.datasets.types import Split
from core.datasets.wording import percent
from core.errors import UserError

MANY_UNITS = 5  # from here on units are held out whole


def split_units(units: Sequence[SeriesUnit], mapping: TableMapping) -> tuple[list[SeriesUnit], str]:
    """Units with their splits, and the sentence that says what was done."""
    if mapping.kind == "rows":
        found = [part for unit in units for part in split_rows(unit, mapping.train_share)]
        return found, (
            f"The rows are taken to be independent: about {percent(mapping.train_share, 0)} of the normal ones, drawn "
            "at random but always the same, are for training."
        )
    if mapping.train_until is not None:
        until = _moment(mapping)
        found = [part for unit in units for part in divided(unit, int(np.searchsorted(unit.time, until)))]
        return found, f"What lies before {mapping.train_until} is for training."
    if len(units) >= MANY_UNITS:
        train = drawn([unit.name for unit in units], mapping.train_share)
        whole = [replace(unit, split="train" if unit.name in train else "test") for unit in units]
        return whole, f"{len(train)} of the {len(units)} units, chosen by their names, are for training, whole."
    found = [part for unit in units for part in divided(unit, int(mapping.train_share * len(unit)))]
    of = "the recording" if len(units) == 1 else "each recording"
    return found, f"The first {percent(mapping.train_share, 0)} of {of} is for training, the rest for test."


def _moment(mapping: TableMapping) -> float:
    text = str(mapping.train_until)
    try:
        if time_unit(mapping) != "epoch":
            return float(text)
        stamp = pd.Timestamp(text)
    except ValueError as error:
        raise UserError(f"«{text}» is no time up to which to train", "", "Write a date such as 2026-01-31") from error
    return float((stamp.tz_localize(mapping.zone) if stamp.tzinfo is None else stamp).timestamp())


def split_rows(unit: SeriesUnit, share: float) -> list[SeriesUnit]:
    """A share of the normal rows, drawn with a fixed seed, and all others."""
    draw = np.random.default_rng(0).random(len(unit)) < share
    anomalous = unit.labels()
    train = draw if anomalous is None else draw & ~anomalous
    return [_picked(unit, train, "train"), _picked(unit, ~train, "test")]


def _picked(unit: SeriesUnit, rows: NDArray[np.bool_], split: Split) -> SeriesUnit:
    """The rows for which (n,) ``rows`` is true, as a unit; each anomalous row is an event of its own."""
    events = None
    if unit.events is not None:
        place = np.cumsum(rows) - 1
        events = tuple(
            replace(event, start=int(place[step]), stop=int(place[step]) + 1)
            for event in unit.events
            for step in range(event.start, event.stop)
            if rows[step]
        )
    return replace(
        unit,
        name=f"{unit.name}/{split}",
        split=split,
        values=unit.values[rows],  # noqa: PD011 - no data frame
        time=unit.time[rows],
        events=events,
    )
