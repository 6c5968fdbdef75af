"""Faults of known moment, size and culprit, put into a recording.

Sizes are in sd of the sensor over the unit's normal steps, so that a fault of 2 sd is equally large on every sensor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, SeriesUnit

SensorFault = Literal["bias", "drift", "stuck", "dropout", "noise"]
SENSOR_FAULTS: tuple[SensorFault, ...] = get_args(SensorFault)
RAMP = 0.1  # share of a process fault during which it comes on


def inject(
    unit: SeriesUnit, sensor: int, start: int, stop: int, kind: SensorFault, size_sd: float, seed: int = 0
) -> SeriesUnit:
    """The unit with one sensor at fault in steps ``start`` to ``stop - 1``, and the event that says so.

    - ``bias``: reads ``size_sd`` sd too high (too low where negative);
    - ``drift``: the error grows evenly from nothing to ``size_sd`` sd at the last step;
    - ``stuck``: holds its reading at ``start``, moved by ``size_sd`` sd;
    - ``dropout``: NaN; ``size_sd`` says nothing here;
    - ``noise``: white noise of ``size_sd`` sd on top, drawn from ``seed``.

    A unit without labels is taken for normal elsewhere. ValueError for steps or sensors that are not there.
    """
    if not 0 <= start < stop <= len(unit) or not 0 <= sensor < unit.values.shape[1]:
        raise ValueError(f"no steps {start}:{stop} of sensor {sensor} in {unit.values.shape}")
    size = size_sd * spread(unit, [sensor])[0]
    values = unit.values.copy()
    inside = values[start:stop, sensor]  # a view
    if kind == "bias":
        inside += np.float32(size)
    elif kind == "drift":
        inside += np.linspace(0, size, stop - start + 1)[1:].astype(np.float32)
    elif kind == "stuck":
        inside[:] = inside[0] + np.float32(size)
    elif kind == "dropout":
        inside[:] = np.nan
    else:
        inside += (np.random.default_rng([seed, start, sensor]).standard_normal(stop - start) * size).astype(np.float32)
    return _labelled(unit, values, Event(start, stop, (sensor,), kind))


def upset(
    unit: SeriesUnit,
    signature: Mapping[int, float],
    start: int,
    stop: int,
    kind: str,
    size_sd: float,
    *,
    turbulence: float = 0.0,
    seed: int = 0,
) -> SeriesUnit:
    """The unit with a fault of the process itself, which several sensors see: all those of ``signature`` are culprits.

    ``signature`` maps a column to its share: +1 moves it up by ``size_sd`` sd, -0.5 down by half of that. It comes on
    within the first tenth. ``turbulence`` (0 to 1): how strongly the effect flutters, one flutter for all sensors.
    """
    steps = np.arange(1, stop - start + 1)
    course = np.minimum(steps / max(RAMP * (stop - start), 1), 1.0)
    flutter = np.random.default_rng([seed, start]).standard_normal(stop - start)
    course = course * (1 + turbulence * np.clip(flutter, -1, 1))
    columns = list(signature)
    size = size_sd * spread(unit, columns) * np.array([signature[column] for column in columns])
    values = unit.values.copy()
    values[start:stop, columns] += (course[:, None] * size).astype(np.float32)
    return _labelled(unit, values, Event(start, stop, tuple(sorted(columns)), kind))


def spread(unit: SeriesUnit, columns: Sequence[int]) -> NDArray[np.float64]:
    """(c,) standard deviation of these sensors over the unit's normal steps."""
    return np.asarray(np.nanstd(unit.values[unit.normal()][:, list(columns)], axis=0, dtype=np.float64))


def _labelled(unit: SeriesUnit, values: NDArray[np.float32], event: Event) -> SeriesUnit:
    events = tuple(sorted([*(unit.events or ()), event], key=lambda one: one.start))
    return replace(unit, values=values, events=events)
