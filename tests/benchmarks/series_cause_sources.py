"""What each of Faultline's witnesses says of every labelled event: the input of rules that fuse them.

Per event and sensor: the largest absolute z, the largest one-step error of the sensor's own level filter (the Kalman
detector's model), the largest part of PCA T2+Q's and of the series VAE's score, and the blame of ``evidence``. All but
the last are kept as surprise too: -log10 p that normal running of this sensor reaches as much once in so many steps, p
of one step from its own tail (counted in the body, a generalised Pareto tail above), that of the event by Šidák.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, SeriesSet, SeriesUnit
from core.detectors import registry
from core.detectors.series.model import SeriesModel
from core.detectors.series.training import train_series
from core.explain.causes import Methods
from core.explain.evidence import evidence
from core.explain.innovation import startled
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.metrics.evt import Pot
from core.progress import Progress

Floats = NDArray[np.float64]

SOURCES = ("|z|", "Kalman", "PCA", "VAE", "evidence")
CALIBRATED = SOURCES[:4]


@dataclass(frozen=True, eq=False)
class Said:
    """Of one set's events (e): ``blame`` (e, d) by source, ``surprise`` (e, d) by calibrated source, ``culprits``
    (e, d), and the ``machine`` (e,) of each."""

    blame: dict[str, Floats]
    surprise: dict[str, Floats]
    culprits: NDArray[np.bool_]
    machine: NDArray[np.str_]

    def save(self, file: Path) -> None:
        blame = {f"blame {name}": value for name, value in self.blame.items()}
        surprise = {f"surprise {name}": value for name, value in self.surprise.items()}
        np.savez(file, culprits=self.culprits, machine=self.machine, **blame, **surprise)

    @classmethod
    def load(cls, file: Path) -> Self:
        with np.load(file) as kept:
            blame = {name: kept[f"blame {name}"] for name in SOURCES}
            surprise = {name: kept[f"surprise {name}"] for name in CALIBRATED}
            return cls(blame, surprise, kept["culprits"], kept["machine"])


class _Machine:
    """One machine's normal running as each source sees it."""

    def __init__(self, pca: SeriesModel, vae: SeriesModel, data: SeriesSet, machine: str) -> None:
        self.reference = Reference.of(pca, data, machine)
        stretches = self.reference.stretches
        normal = {
            "|z|": np.concatenate([_absolute(one) for one in stretches]),
            "Kalman": self.reference.starts,
            "PCA": _parts(pca, machine, stretches),
            "VAE": _parts(vae, machine, stretches),
        }
        self.tails = {name: [Pot.fit(column) for column in values.T] for name, values in normal.items()}

    def surprise(self, name: str, reached: Floats, steps: int) -> Floats:
        step = np.array([tail.log_survival(value) for tail, value in zip(self.tails[name], reached, strict=True)])
        return -np.log10(np.maximum(-np.expm1(steps * np.log1p(-np.minimum(np.exp(step), 1 - 1e-12))), 1e-300))


def listen(data: SeriesSet, vae_steps: int) -> Said:
    """Train PCA T2+Q (defaults) and a series VAE of so many optimisation steps, seed 0; ask all sources."""
    pca, vae = _trained("pca-t2q", {}, data), _trained("series-vae", {"steps": vae_steps}, data)
    prepared = pca.prepared(data)
    place = {column: index for index, column in enumerate(prepared.signals)}
    blame: dict[str, list[Floats]] = {name: [] for name in SOURCES}
    surprise: dict[str, list[Floats]] = {name: [] for name in CALIBRATED}
    culprits, machines = [], []
    for machine in prepared.machines:
        normal = None
        for unit, event in _labelled(prepared, machine):
            guilty = np.isin(np.arange(len(place)), [place[column] for column in event.sensors if column in place])
            if not guilty.any() or guilty.all():
                continue
            normal = normal or _Machine(pca, vae, prepared, machine)
            said = _said(pca, vae, normal.reference, unit, event)
            for name in SOURCES:
                blame[name].append(said[name])
            for name in CALIBRATED:
                surprise[name].append(normal.surprise(name, said[name], event.stop - event.start))
            culprits.append(guilty)
            machines.append(machine)
    stacked = {name: np.stack(rows) for name, rows in blame.items()}
    calibrated = {name: np.stack(rows) for name, rows in surprise.items()}
    return Said(stacked, calibrated, np.stack(culprits), np.array(machines))


def _said(
    pca: SeriesModel, vae: SeriesModel, reference: Reference, unit: SeriesUnit, event: Event
) -> dict[str, Floats]:
    stretch = Stretch.of(pca, unit, event.start, event.stop, "now")
    coded = Stretch.of(vae, unit, event.start, event.stop, "now")
    return {
        "|z|": _absolute(stretch.inside).max(axis=0),
        "Kalman": startled(stretch, reference.levels),
        "PCA": stretch.scores.parts.max(axis=0).astype(float),
        "VAE": coded.scores.parts.max(axis=0).astype(float),
        "evidence": evidence(stretch, reference, Methods(stretch, reference).replaced).blame,
    }


def _labelled(data: SeriesSet, machine: str) -> list[tuple[SeriesUnit, Event]]:
    units = [unit for unit in data.units if unit.split == "test" and unit.machine == machine]
    return [(unit, event) for unit in units for event in unit.events or ()]


def _trained(name: str, given: dict[str, object], data: SeriesSet) -> SeriesModel:
    return train_series(name, registry.parameters(name, given), 0, data, Progress()).model


def _parts(model: SeriesModel, machine: str, stretches: tuple[NDArray[np.float32], ...]) -> Floats:
    detector = model.member(machine).detector
    return np.concatenate([detector.score(one).now.parts for one in stretches]).astype(float)


def _absolute(values: NDArray[np.floating]) -> Floats:
    return np.minimum(np.abs(np.nan_to_num(np.asarray(values, float))), 1e6)
