"""From a configuration and a seed to the stream that every method of a comparison sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.continual import plant
from core.continual.config import ContinualConfig, ImagesSpec, PlantSpec, StreamSpec, TaskDrift
from core.continual.labelcheck import label_check
from core.continual.severity import SeverityTable, read_severities
from core.continual.source import Ground
from core.continual.tasks import TaskWorld
from core.continual.types import CRITICAL, Stream, View, task_of
from core.datasets.wording import percent
from core.errors import UserError
from core.progress import Progress

FOREIGN_SHARE = 0.15  # of the critical, and of the other anomalies, that are not those which a task sees mostly


def build(config: ContinualConfig, seed: int, progress: Progress = Progress()) -> Stream:
    """The stream of a seed; the same arguments give the same samples. UserError where data are missing, a task has
    one class only, the severity table has holes or a drift names a task that is not there."""
    ground = _ground(config.stream, seed, progress)
    table = _table(config, ground)
    severities = _severities(config, ground)
    worlds = _worlds(config, seed, ground, severities)
    tasks = tuple(world.task() for world in worlds)
    first = tasks[0].calibration
    return Stream(
        name=config.stream.kind,
        setting=config.stream.setting,
        tasks=tasks,
        faults=ground.faults,
        severities=tuple(float(one) for one in severities),
        shapes={view: values.shape[1:] for view, values in first.views.items()},
        label_delay=config.stream.label_delay,
        label_rate=config.stream.label_rate,
        severity_hash=table.sha256,
        sources=ground.origins,
        notes=(*ground.notes, *_told(config.stream), *(_drift_note(worlds[d.task], d) for d in config.drifts)),
    )


@dataclass(frozen=True, eq=False)
class Item:
    """One sample for people to look at: what was recorded, and what it is."""

    task: str
    fault: str
    severity: float
    raw: Mapping[View, NDArray[np.float32]]


def item(config: ContinualConfig, seed: int, sample: int) -> Item:
    """A sample of the stream by its id, without making the stream. UserError for an id that is not in it."""
    ground = _ground(config.stream, seed, Progress())
    severities = _severities(config, ground)
    worlds = _worlds(config, seed, ground, severities)
    place = int(task_of(np.array([sample]))[0])
    if not 0 <= place < len(worlds):
        raise UserError(f"There is no sample {sample} in this stream", config.name, "Choose one that its records name")
    world = worlds[place]
    fault = world.fault_of(sample)
    return Item(world.source.name, ground.faults[fault], float(severities[fault]), world.raw(sample))


def mixes(
    tasks: int, faults: tuple[NDArray[np.int64], ...], severities: NDArray[np.float32], spec: StreamSpec
) -> NDArray[np.float64]:
    """(tasks, classes) chances in the stream. Critical anomalies are rare, and each task mostly sees one critical and
    one other class, in turn: what a task does not show is what a learner forgets. ``faults``: the classes that each
    task's training part has samples of."""
    found = np.zeros((tasks, len(severities)))
    for task in range(tasks):
        anomalous = faults[task][faults[task] > 0]
        critical = anomalous[severities[anomalous] >= CRITICAL]
        other = anomalous[severities[anomalous] < CRITICAL]
        shares = {True: spec.critical_share, False: 1 - spec.critical_share}
        for is_critical, group in ((True, critical), (False, other)):
            rest = other if is_critical else critical
            share = spec.anomaly_share * (shares[is_critical] if len(rest) else 1.0)
            if len(group) == 1:
                found[task, group] = share
            elif len(group):
                found[task, group] = share * FOREIGN_SHARE / (len(group) - 1)
                found[task, group[task % len(group)]] = share * (1 - FOREIGN_SHARE)
        found[task, 0] = 1 - found[task].sum()
    return found


def _worlds(config: ContinualConfig, seed: int, ground: Ground, severities: NDArray[np.float32]) -> list[TaskWorld]:
    spec, sources = config.stream, ground.sources
    for drift in config.drifts:
        if drift.task >= len(sources):
            what = f"A drift is to come in task {drift.task + 1}, and the stream has {len(sources)}"
            raise UserError(what, "drifts", "Name a task that is there; in a configuration the first is task: 0")
    mix = mixes(len(sources), tuple(source.faults("train") for source in sources), severities, spec)
    worlds: list[TaskWorld] = []
    for index, source in enumerate(sources):
        worlds.append(
            TaskWorld(
                index,
                source,
                index * spec.steps,
                spec,
                mix[index],
                severities,
                tuple(drift for drift in config.drifts if drift.task == index),
                seed,
                missing=spec.missing if isinstance(spec, PlantSpec) else 0.0,
                states=ground.states,
                other=sources[(index + 1) % len(sources)] if len(sources) > 1 else None,
                previous=worlds[-1] if worlds else None,
            )
        )
    return worlds


def _ground(spec: StreamSpec, seed: int, progress: Progress) -> Ground:
    if isinstance(spec, PlantSpec):
        made = plant.Plant(spec.tasks, seed, spec.difficulty)
        sources = tuple(made.source(regime) for regime in range(spec.tasks))
        return Ground(sources, plant.FAULTS, "plant", ("synthetic plant",) * spec.tasks, (), plant.STATES)
    if isinstance(spec, ImagesSpec):
        from core.continual.pictures import image_ground

        return image_ground(spec, seed, progress)
    from core.continual.recorded import recorded_ground

    return recorded_ground(spec, seed, progress)


def _table(config: ContinualConfig, ground: Ground) -> SeverityTable:
    if not config.severity and ground.severities is not None:
        table = ground.severities
    else:
        table = read_severities(config.severity or ground.table)
    table.require(ground.faults[1:])
    return table


def _severities(config: ContinualConfig, ground: Ground) -> NDArray[np.float32]:
    """(faults,) of each class, 0 for normal."""
    table = _table(config, ground)
    return np.array([0.0, *(table.severity(name) for name in ground.faults[1:])], np.float32)


def _told(spec: StreamSpec) -> tuple[str, ...]:
    when = "at once" if not spec.label_delay else f"after {spec.label_delay} steps"
    whose = (
        "all samples"
        if spec.label_rate == 1
        else f"{percent(spec.label_rate, 0)} of the samples, others pass for normal"
    )
    return (f"Labels are known {when}, of {whose}.",)


def _drift_note(world: TaskWorld, drift: TaskDrift) -> str:
    """When the drift comes, and whether labels stay true under it."""
    begins, task = world.start + int(drift.at * world.spec.steps), drift.task + 1
    said = f"Drift «{drift.kind}», {drift.shape}, magnitude {drift.magnitude:g}, in task {task} from step {begins}"
    return f"{said}." if drift.shape == "none" else f"{said}: {label_check(world, drift)}."
