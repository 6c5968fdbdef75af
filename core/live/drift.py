"""Drift of the machines on the feed: followed by the worker, shown by pages, answered with a candidate."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.drift import RECENT_FORMAT
from core.drift.trigger import Trigger
from core.errors import UserError
from core.jobs.table import JobTable, Submission
from core.live.blocks import read
from core.live.table import LiveTable
from core.store import atomic
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.detectors.series.model import SeriesModel
    from core.drift.monitor import DriftMonitor
    from core.drift.reference import Reference
    from core.streaming.watch import Scored

MOST_MACHINES = 16  # under watch at once
SHOWN_S, KEPT_S = 3.0, 30.0  # seconds between what pages read, and what another process could go on from
POINTS = 256  # blocks of the course that is shown


@dataclass(frozen=True)
class Judge:
    """The model that drift is told by: its id, its place among the feed's detectors, and where the feed has its
    sensors."""

    id: str
    model: SeriesModel
    place: int
    columns: list[int]


class DriftWatch:
    """Follows every machine of a feed with one of its models: the first whose normal running is known long enough,
    those before others that have a code for windows.

    ``live/drift.json`` tells pages what there is to say, ``live/drift-state.json`` lets the next worker go on where
    ``resume`` is asked for (a replay begins anew).
    """

    def __init__(
        self,
        workspace: Workspace,
        models: Mapping[str, SeriesModel],
        ids: list[str],
        sensors: list[str],
        *,
        resume: bool,
        trigger: Trigger = Trigger(),  # noqa: B008 - frozen
    ) -> None:
        self._workspace, self._table, self._trigger = workspace, LiveTable(workspace), trigger
        self._judge, *self._others = _judges(models, ids, sensors)
        self._machines: OrderedDict[str, DriftMonitor] = OrderedDict()
        self._units: dict[str, tuple[str, int]] = {}  # machine: the unit that its steps come from, and its first step
        self._refused: dict[str, str] = {}
        self._shown = self._kept = self._looked = 0.0
        self._before = _read(self._table.folder / "drift-state.json") if resume else {}

    def push(self, scored: list[Scored]) -> None:
        """The next steps of the feed; now and then puts down what there is to say."""
        for one in scored:
            monitor = self._monitor(one.machine) if len(one) else None
            if monitor is not None:
                surprise, alarmed = one.surprise[:, self._judge.place], one.surprise[:, -1] > one.limits[:, -1]
                monitor.push(one.readings[:, self._judge.columns], surprise.astype(float), alarmed, one.time)
        now = time.monotonic()
        if now - self._shown > SHOWN_S:
            self._shown = now
            self._answer()
            self._show()
        if now - self._kept > KEPT_S:
            self._kept = now
            self._keep()

    def close(self) -> None:
        """Put down the last state."""
        self._show()
        self._keep()

    def _monitor(self, machine: str) -> DriftMonitor | None:
        """The machine's monitor, None where there is nothing to hold it against: ``refused`` tells why."""
        if machine in self._refused:
            return None
        if machine not in self._machines:
            from core.drift.monitor import DriftMonitor

            try:
                reference = self._reference(machine)
            except UserError as error:
                self._refused[machine] = str(error)
                return None
            names = tuple(sensor.name for sensor in self._judge.model.signals)
            found = DriftMonitor(self._judge.model.member(machine), names, reference)
            before = self._before.get(machine)
            if before is not None and before["model"] == self._judge.id:
                found.restore(before["state"])
            self._machines[machine] = found
            while len(self._machines) > MOST_MACHINES:
                self._machines.popitem(last=False)
        self._machines.move_to_end(machine)
        return self._machines[machine]

    def _reference(self, machine: str) -> Reference:
        """What is normal for the machine. As long as no machine is followed, another model may take the judge's place
        where that cannot tell; the UserError is the first judge's."""
        try:
            return reference_of(self._workspace, self._judge.id, self._judge.model, machine)
        except UserError:
            for other in self._others if not self._machines else ():
                try:
                    found = reference_of(self._workspace, other.id, other.model, machine)
                except UserError:
                    continue
                self._judge = other
                return found
            raise

    def _answer(self) -> None:
        """Ask for a candidate where drift is confirmed and the last attempt is long enough ago."""
        states = {machine: monitor.state() for machine, monitor in self._machines.items()}
        confirmed = {machine: state for machine, state in states.items() if state.confirmed}
        if not confirmed or not automatic(self._workspace):
            return
        last = last_attempt(self._workspace, self._judge.id)
        for machine, state in confirmed.items():
            reason = self._trigger.reason(state, last, time.time())
            if reason is None:
                continue
            since = state.steps - self._trigger.since(state)
            try:
                ask_for_candidate(self._workspace, self._judge.id, machine, since, reason, "monitor")
            except UserError as error:
                self._refused[f"retraining of {machine}"] = str(error)
            return

    def _show(self) -> None:
        machines = {}
        for machine, monitor in self._machines.items():
            shift, ratio = monitor.shifts()
            blocks = monitor.blocks[-POINTS:]
            signs = np.array([block.features.level for block in blocks])
            machines[machine] = monitor.state().to_json() | {
                "sensors": list(monitor.sensors),
                "shift": _plain(shift),
                "ratio": _plain(ratio),
                "course": {
                    "step": [block.step for block in blocks],
                    "median": [float(block.features.bulk[0]) for block in blocks],
                    "alarmed": [block.alarmed for block in blocks],
                    "largest": _plain(np.nanmax(np.abs(np.nan_to_num(signs)), axis=1)) if blocks else [],
                },
                "unusual_share": monitor.rule.unusual,
                "usual": _plain(np.percentile(monitor.reference.bulk[:, 0], (2.5, 50, 97.5))),
            }
        said = {"at": time.time(), "model": self._judge.id, "machines": machines, "refused": self._refused}
        atomic.write_json(self._table.folder / "drift.json", said)

    def _keep(self) -> None:
        states = {
            machine: {"model": self._judge.id, "state": monitor.to_json()}
            for machine, monitor in self._machines.items()
        }
        atomic.write_json(self._table.folder / "drift-state.json", states)


def said(workspace: Workspace) -> dict[str, Any]:
    """What the worker last said of drift, empty before it did: ``at``, ``model``, ``machines``, ``refused``."""
    return _read(LiveTable(workspace).folder / "drift.json")


def automatic(workspace: Workspace) -> bool:
    """Whether a candidate is trained without being asked for when drift is confirmed."""
    return not (LiveTable(workspace).folder / "no-retraining").exists()


def set_automatic(workspace: Workspace, on: bool) -> None:
    path = LiveTable(workspace).folder / "no-retraining"
    if on:
        path.unlink(missing_ok=True)
    else:
        path.touch()


def last_attempt(workspace: Workspace, model: str) -> float | None:
    """When a candidate of the model's lineage was last asked for or decided upon, whatever became of it."""
    champions = ChampionStore(workspace)
    lineage = champions.lineage(model)
    jobs = (job for job in JobTable(workspace).list() if job.kind == "retrain")
    asked = [job.created_at for job in jobs if champions.lineage(job.spec["model_id"]) == lineage]
    return max([*asked, *(line.said_at for line in champions.history(model)[:1])], default=None)


def ask_for_candidate(
    workspace: Workspace, model_id: str, machine: str, steps: int | None, why: str, said_by: str
) -> Submission:
    """Take the last ``steps`` steps of a machine from the feed (None: all that it keeps) and ask for a candidate that
    learns from them. UserError where the feed cannot give them."""
    dataset = DatasetStore(workspace).add(recent_steps(workspace, machine, steps))
    spec = {"model_id": model_id, "dataset_id": dataset.id, "why": why, "said_by": said_by}
    title = f"Retrain {ModelStore(workspace).get(model_id).name}"
    return JobTable(workspace).submit("retrain", spec, title=title, owner=said_by)


def recent_steps(workspace: Workspace, machine: str, steps: int | None) -> SeriesSet:
    """The last steps of a machine that the feed still keeps, a recording for each unbroken stretch of a unit.

    UserError where there are none, or where they are frames of a raw signal, which the feed does not keep.
    """
    table = LiveTable(workspace)
    feed, kept = table.feed(), read(table)
    rows = np.flatnonzero(kept.machine == machine)[
        slice(None) if steps is None else slice(max(-steps, -len(kept)), None)
    ]
    if feed is None or not len(rows) or steps == 0:
        raise UserError("The feed keeps no steps of this machine", machine, "Wait until it has run for a while")
    if feed.status["sensors"] != feed.status["raw_sensors"]:
        raise UserError(
            "The feed keeps frames, not the raw signal that a model learns from",
            machine,
            "Record the signal, load it on the Data page and train a candidate from there",
        )
    breaks = np.flatnonzero(
        (kept.unit[rows[1:]] != kept.unit[rows[:-1]])
        | (kept.step[rows[1:]] != kept.step[rows[:-1]] + 1)
        | (kept.time[rows[1:]] <= kept.time[rows[:-1]])
    )
    units = [
        SeriesUnit(f"{kept.unit[part[0]]} {number}", machine, "test", kept.readings[part], kept.time[part])
        for number, part in enumerate(np.split(rows, breaks + 1), 1)
    ]
    return SeriesSet(
        name=f"Recent running of {machine}"[:120],
        root=table.folder,
        format=RECENT_FORMAT,
        sensors=tuple(Sensor(name) for name in feed.status["sensors"]),
        units=tuple(units),
        time_unit=feed.status["time_unit"],
    )


def reference_of(workspace: Workspace, model_id: str, model: SeriesModel, machine: str) -> Reference:
    """What the machine's normal blocks look like to a model, computed once: of one that followed another after drift,
    those of the running since, for the mixture of old and new that it learned from never comes again; else, or where
    that is too short, those of the data that calibrated it.

    UserError where the data is not in the workspace, or too short.
    """
    from core.detectors.series.model import SHARED
    from core.detectors.series.training import held_out
    from core.drift.recent import newest_running
    from core.drift.reference import Reference

    row = ModelStore(workspace).get(model_id)
    member = SHARED if SHARED in model.members else machine
    path = _reference_file(workspace, model_id, member)
    known = _read(path)
    if known:
        return Reference.from_json(known)
    data, judging = DatasetStore(workspace).series(row.dataset_id), model.member(machine)
    own = data if member == SHARED else data.where(lambda unit: unit.machine == machine)
    recent = newest_running(own, judging.detector.context)
    try:
        found = Reference.fit(judging, model.prepared(data.of(recent)).units) if recent else None
    except UserError:
        found = None
    if found is None:
        normals = model.prepared(data.where(lambda unit: unit.split == "train")).normals()
        found = Reference.fit(judging, held_out(model, normals, machine, row.manifest.seed))
    atomic.write_json(path, found.to_json())
    return found


def _reference_file(workspace: Workspace, model_id: str, member: str) -> Path:
    import hashlib

    name = hashlib.sha256(member.encode()).hexdigest()[:12]
    return LiveTable(workspace).folder / "references" / f"{model_id}-{name}.json"


def _judges(models: Mapping[str, SeriesModel], ids: list[str], sensors: list[str]) -> list[Judge]:
    """All models, those with a code for windows first."""
    from core.drift.features import Encodes

    found = [
        Judge(model_id, model, place, [sensors.index(sensor.name) for sensor in model.sensors])
        for place, (model_id, model) in enumerate(zip(ids, models.values(), strict=True))
    ]
    return sorted(found, key=lambda one: not all(isinstance(m.detector, Encodes) for m in one.model.members.values()))


def _read(path: Path) -> dict[str, Any]:
    """A JSON file of our own; empty where there is none, or where an older Faultline wrote it otherwise."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _plain(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]
