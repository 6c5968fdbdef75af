"""Affiliation precision and recall: how near alarms are to events, in units of what chance would do.

Huet, Navarro & Rossi, Local Evaluation of Time Series Anomaly Detection Algorithms, KDD 2022. Every event owns the zone
that is nearer to it than to any other. A flagged moment scores the chance that a uniformly drawn one of the zone lies
farther from the event; a moment of the event scores the chance that a uniformly drawn alarm lies farther from it than
the nearest alarm of the zone. A step i is the moment interval [i, i + 1). Chance gets 0.5 and more, and lateness is not
punished: never to be read alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.series.stretches import stretches

Floats = NDArray[np.float64]


class Affiliation(NamedTuple):
    """``precision`` is the mean over the zones with an alarm, None without any; ``recall`` over all zones."""

    precision: float | None
    recall: float
    f1: float


def affiliation(flagged: ArrayLike, labels: ArrayLike) -> Affiliation | None:
    """Affiliation figures of (n,) flagged steps; None without an event."""
    alarms, events = stretches(flagged).astype(float), stretches(labels).astype(float)
    if not len(events):
        return None
    middles = (events[:-1, 1] + events[1:, 0]) / 2
    zones = np.stack([np.append(0.0, middles), np.append(middles, len(np.asarray(labels)))], axis=1)
    precisions, recalls = [], np.zeros(len(events))
    for index, (event, zone) in enumerate(zip(events, zones, strict=True)):
        near = alarms[np.searchsorted(alarms[:, 1], zone[0], "right") : np.searchsorted(alarms[:, 0], zone[1], "left")]
        if len(near):
            near = np.clip(near, *zone)
            precisions.append(_precision(near, event, zone))
            recalls[index] = _recall(near, event, zone)
    recall = float(recalls.mean())
    if not precisions:
        return Affiliation(None, recall, 0.0)
    precision = float(np.mean(precisions))
    return Affiliation(precision, recall, 2 * precision * recall / (precision + recall))


def _precision(alarms: Floats, event: Floats, zone: Floats) -> float:
    """Mean over the flagged moments, in closed form: the chance is linear in the distance d of a moment outside the
    event, (zone - event - d - min(d, m)) / zone, m being the shorter way from the event to the end of its zone."""
    length, shorter = zone[1] - zone[0], min(event[0] - zone[0], zone[1] - event[1])

    def integral(distance: Floats) -> Floats:
        short = np.minimum(distance, shorter)
        lost = short**2 / 2 + shorter * (distance - short) + distance**2 / 2 + (event[1] - event[0]) * distance
        return np.asarray(distance - lost / length)

    before, after = np.maximum(event[0] - alarms, 0), np.maximum(alarms - event[1], 0)
    outside = integral(before[:, 0]) - integral(before[:, 1]) + integral(after[:, 1]) - integral(after[:, 0])
    inside = np.maximum(np.minimum(alarms[:, 1], event[1]) - np.maximum(alarms[:, 0], event[0]), 0)
    return float(np.sum(outside + inside) / np.sum(alarms[:, 1] - alarms[:, 0]))


def _recall(alarms: Floats, event: Floats, zone: Floats) -> float:
    """Mean over the event's moments of 1 - (d + min(d, way to the zone's end)) / zone, d the distance to the nearest
    alarm: straight between the points where something changes, so the trapezoidal rule over these is exact."""
    edges = alarms.ravel()
    changes = [edges, (edges[1:-1:2] + edges[2::2]) / 2, (edges + zone[0]) / 2, (edges + zone[1]) / 2, [zone.mean()]]
    moments = np.unique(np.clip(np.concatenate([event, *changes]), *event))
    left = np.searchsorted(alarms[:, 0], moments, "right")
    padded = np.concatenate([[[-np.inf, -np.inf]], alarms, [[np.inf, np.inf]]])
    distance = np.maximum(np.minimum(moments - padded[left, 1], padded[left + 1, 0] - moments), 0)
    chance = 1 - (distance + np.minimum(distance, np.minimum(moments - zone[0], zone[1] - moments))) / (
        zone[1] - zone[0]
    )
    return float(np.diff(moments) @ (chance[1:] + chance[:-1]) / 2 / (event[1] - event[0]))
