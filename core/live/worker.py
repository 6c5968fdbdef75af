"""The process of the live monitor: ``python -m core.live.worker RUN``.

It owns the models and the source. Four times a second it puts down what it has found and reads what it should do. It
ends when it is told to, when another run has taken its place, and when the server that began it is gone.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from core.errors import UserError
from core.jobs.worker import explain, settle_in
from core.live.blocks import Ring
from core.live.drift import DriftWatch
from core.live.pushed import PushedSamples
from core.live.spec import FeedSpec, FileSource, ReplaySource, allowed_file, checked, shown_names
from core.live.table import FeedRow, LiveTable
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.processes import is_alive, this_process
from core.store.workspace import Workspace
from core.streaming.filefeed import FileTail
from core.streaming.monitor import Completed, Monitor
from core.streaming.replay import Replay
from core.streaming.rounds import before
from core.streaming.source import Source
from core.streaming.watch import Models, Scored

TICK_S = 0.25  # from one look at the orders to the next
NAP_S = 0.02
PACE_S = 5.0
QUIET_S = 5.0  # without a step for so long, the feed waits
MOST_STEPS = 4096  # taken at once

log = logging.getLogger(__name__)


@dataclass
class Round:
    """What lives from one reset to the next."""

    source: Source
    monitor: Monitor
    ring: Ring
    drift: DriftWatch
    began: float  # of the steady clock
    last: float  # when the last step came
    pace: deque[tuple[float, int]] = field(default_factory=deque)  # steady clock and steps of the last seconds

    def steps_per_second(self, now: float) -> float:
        """Over the last ``PACE_S`` seconds."""
        self.pace.append((now, self.monitor.steps))
        while now - self.pace[0][0] > PACE_S:
            self.pace.popleft()
        (then, before), after = self.pace[0], self.monitor.steps
        return (after - before) / (now - then) if now > then else 0.0

    def close(self) -> None:
        self.source.close()
        self.drift.close()


class Worker:
    """One run of the feed."""

    def __init__(self, workspace: Workspace, run: str) -> None:
        self._workspace, self._run, self._table = workspace, run, LiveTable(workspace)
        self._models: Models = {}
        self._shown: list[dict[str, str]] = []
        self._first = -1  # the generation that this run began with; a later one is a reset

    def work(self) -> None:
        """Until there is an end to it. UserError where the feed cannot go on."""
        orders = self._orders()
        if orders is None:
            return
        spec = checked(orders.spec)
        self._load(spec)
        self._first = orders.generation
        generation, speed = -1, 0.0
        current: Round | None = None
        try:
            while (orders := self._orders()) is not None and orders.wish != "stop":
                if not is_alive(orders.server_pid, orders.server_started):
                    raise UserError("The server that began this feed has ended", "", "Start the feed again")
                if current is None or orders.generation != generation:
                    if current is not None:
                        current.close()
                    generation, speed = orders.generation, 0.0
                    spec = self._followed(spec, checked(orders.spec))
                    current = self._begin(spec, generation)
                wanted = 0.0 if orders.wish == "pause" else orders.speed
                if wanted != speed:
                    speed = wanted
                    current.source.set_speed(speed, time.monotonic())
                self._tick(spec, current, paused=speed == 0)
                if current.source.exhausted:
                    return self._end("finished")
        finally:
            if current is not None:
                current.close()
        return self._end("stopped")

    def _tick(self, spec: FeedSpec, current: Round, *, paused: bool) -> None:
        """A quarter of a second of the feed."""
        scored: list[Scored] = []
        completed: list[Completed] = []
        until = time.monotonic() + TICK_S
        while (now := time.monotonic()) < until:
            batches = current.source.take(now, MOST_STEPS)
            for batch in batches:
                found, done = current.monitor.push(batch)
                scored += [found] if found is not None else []
                completed += [done] if done is not None else []
            if current.source.exhausted:
                break
            if not batches:
                time.sleep(NAP_S)
        if any(map(len, scored)):
            current.last = time.monotonic()
        # Said once nothing more is taken: until then a wish to pause is a wish.
        state = "paused" if paused else "running" if time.monotonic() - current.last < QUIET_S else "waiting"
        # A loop that runs for days would push everything else out of the archive: its last round stands for it.
        looped = isinstance(spec.source, ReplaySource)
        replaced = [name for one in completed if looped and (name := before(one.unit))]
        current.ring.write(scored, completed, self._source_name(spec), self._status(current), state, replaced)
        current.drift.push(scored)

    def _status(self, current: Round) -> dict[str, Any]:
        """What the server tells of the feed as a whole and of every unit under watch."""
        monitor, now = current.monitor, time.monotonic()
        first = next(iter(self._models.values()))
        return {
            "sensors": monitor.sensors,
            "raw_sensors": monitor.raw_sensors,
            "units_of": {sensor.name: sensor.unit for sensor in first.sensors if sensor.unit},
            "time_unit": first.time_unit,
            "detectors": monitor.detectors,
            "models": self._shown,
            "limit": round(monitor.rule.limit, 4),
            "steps": monitor.steps,
            "seconds": round(now - current.began, 1),
            "steps_per_second": round(current.steps_per_second(now), 1),
            "behind": current.source.behind(now),
            "ring": current.ring.capacity,
            "tally": current.source.tally.to_json(),
            "refused": dict(monitor.refused),
            "units": monitor.status(),
        }

    def _load(self, spec: FeedSpec) -> None:
        from core.store.seriesmodel import load_series_model

        store = ModelStore(self._workspace)
        rows = [store.get(model) for model in spec.models]
        names = shown_names(row.detector for row in rows)
        self._models = {name: load_series_model(store.folder(row.id))[0] for name, row in zip(names, rows, strict=True)}
        self._shown = [
            {"name": name, "id": row.id, "title": row.name, "detector": row.detector}
            for name, row in zip(names, rows, strict=True)
        ]

    def _followed(self, before: FeedSpec, after: FeedSpec) -> FeedSpec:
        """What is asked for from a reset on: champions may have taken the place of their predecessors."""
        if after.models != before.models:
            self._load(after)
        return after

    def _begin(self, spec: FeedSpec, generation: int) -> Round:
        monitor = Monitor(self._models, spec.rule())
        source = self._source(spec, monitor)
        ring = Ring(self._table, self._run, generation, len(monitor.sensors), len(monitor.detectors) + 1)
        ids = [shown["id"] for shown in self._shown]
        resume = generation == self._first and not isinstance(spec.source, ReplaySource)
        drift = DriftWatch(self._workspace, self._models, ids, monitor.sensors, resume=resume)
        now = time.monotonic()
        return Round(source, monitor, ring, drift, now, now - QUIET_S)

    def _source(self, spec: FeedSpec, monitor: Monitor) -> Source:
        asked = spec.source
        if isinstance(asked, FileSource):
            return FileTail(allowed_file(asked.path), monitor.raw_sensors)
        if isinstance(asked, ReplaySource):
            return Replay(self._recordings(asked), loop=asked.loop)
        return PushedSamples(self._table, monitor.raw_sensors)

    def _recordings(self, asked: ReplaySource) -> Any:
        """The units to replay with the sensors in the order of the models."""
        from core.detectors.series.model import aligned

        data = DatasetStore(self._workspace).series(asked.dataset_id)
        unknown = set(asked.units) - set(data.by_name)
        if unknown:
            raise UserError(f"There is no recording «{min(unknown)}»", data.name, "Choose one of its recordings")
        if asked.units:
            data = data.of([data.by_name[name] for name in asked.units])
        elif any(unit.split == "test" for unit in data.units):
            data = data.test()
        return aligned(data, next(iter(self._models.values())).raw_sensors)

    def _source_name(self, spec: FeedSpec) -> str:
        if isinstance(spec.source, ReplaySource):
            return DatasetStore(self._workspace).row(spec.source.dataset_id).name
        return spec.source.path.rsplit("/", 1)[-1] if isinstance(spec.source, FileSource) else "samples sent in"

    def _orders(self) -> FeedRow | None:
        """The feed's row, None where it belongs to another run."""
        row = self._table.feed()
        return row if row is not None and row.run == self._run else None

    def _end(self, state: str, error: str | None = None) -> None:
        with self._table.transaction() as db:
            db.execute("UPDATE feed SET state = ?, error = ? WHERE run = ?", (state, error, self._run))

    def main(self) -> int:
        """The whole life of the process; how it ended is in the table."""
        pid, started = this_process()
        with self._table.transaction() as db:
            db.execute("UPDATE feed SET pid = ?, pid_started = ? WHERE run = ?", (pid, started, self._run))
        try:
            self.work()
        except SystemExit:
            self._end("stopped")
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                log.error("The monitor broke\n%s", traceback.format_exc())
            what, hint = explain(error)
            self._end("failed", " ".join(filter(None, (what, hint))))
            return 1
        return 0


def main(run: str) -> int:
    settle_in()
    return Worker(Workspace.default(), run).main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
