"""The live feed as pages, scripts and the API handle it: start, pause, speed, reset, another champion, stop."""

from __future__ import annotations

import json
import math
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from core.detectors import registry
from core.errors import UserError
from core.jobs.local import environment
from core.live.spec import FeedSpec, FileSource, ReplaySource, allowed_file, checked
from core.live.table import ALIVE, FeedRow, LiveTable, Wish, clear
from core.settings import PROJECT, settings
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.processes import is_alive, this_process
from core.store.workspace import Workspace

WORKER = (sys.executable, "-m", "core.live.worker")
STOP_S = 10.0  # the worker looks at its orders a few times a second, unless it is in a long call


class NotNow(UserError):
    """The right wish at the wrong time: the feed is not in a state for it."""


class LiveFeed:
    """The feed of one workspace. All that is known of it is in its table: any number of these may exist."""

    def __init__(self, workspace: Workspace, command: tuple[str, ...] = WORKER) -> None:
        self.workspace, self.table = workspace, LiveTable(workspace)
        self._command = command

    def start(self, spec: FeedSpec) -> None:
        """Begin a feed in a process of its own. UserError where one is under way, or where this one cannot be.

        Completed units of earlier feeds stay; everything else of the last feed is forgotten.
        """
        self._refuse_impossible(spec)
        run, (pid, started), now = secrets.token_hex(8), this_process(), time.time()
        speed = math.inf if spec.speed == "max" else float(spec.speed)
        with self.table.transaction() as db:
            feed = self.table.feed()
            if feed is not None and feed.state in ALIVE and feed.wish != "stop":
                raise NotNow("A feed is under way", feed.state, "Stop it first")
            clear(db)
            db.execute(
                "INSERT OR REPLACE INTO feed (id, run, spec, wish, speed, generation, state, server_pid,"
                " server_started, started_at, rows, changes, status) VALUES (1, ?, ?, 'run', ?, ?, 'starting', ?, ?,"
                " ?, ?, ?, '{}')",
                (run, json.dumps(spec.model_dump(mode="json")), speed, feed.generation + 1 if feed else 1, pid,
                 started, now, feed.rows if feed else 0, feed.changes if feed else 0),
            )  # fmt: skip
        self._spawn(run)

    def stop(self) -> None:
        """Ask the worker to end; what was seen stays until the next start."""
        self._wish("stop")

    def pause(self) -> None:
        self._wish("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self._wish("run")

    def set_speed(self, speed: float) -> None:
        """Steps per second of a replay relative to real time, inf for as fast as can be. The feed's specification
        keeps it: whoever begins this feed again begins it at this speed."""
        self._under_way()
        said = "max" if math.isinf(speed) else speed
        with self.table.transaction() as db:
            db.execute("UPDATE feed SET speed = ?, spec = json_set(spec, '$.speed', ?)", (speed, said))

    def reset(self) -> None:
        """Forget what was seen and begin the source anew; completed units stay. No error where nothing runs: then only
        the last feed's steps and alarms are forgotten."""
        with self.table.transaction() as db:
            _begin_anew(db)

    def take_over(self) -> None:
        """Let the champions of its models' lineages judge from now on. A feed under way begins anew with them, as after
        ``reset``; one that has ended is started with them. UserError where there never was a feed."""
        feed = self.table.feed()
        if feed is None:
            raise NotNow("No feed has run yet", "", "Start one first")
        champions = ChampionStore(self.workspace)
        models = list(dict.fromkeys(champions.champion(model) for model in feed.spec["models"]))
        spec = checked(feed.spec | {"models": models})
        self._refuse_impossible(spec)
        if feed.state not in ALIVE or feed.wish == "stop":
            self.start(spec)
            return
        with self.table.transaction() as db:
            order = "UPDATE feed SET spec = json_set(spec, '$.models', json(?)) WHERE run = ?"
            if not db.execute(order, (json.dumps(spec.models), feed.run)).rowcount:
                raise NotNow("Another feed has begun meanwhile", "", "Look at it first")
            _begin_anew(db)

    def shut(self) -> None:
        """The server ends: its worker ends too, at once if need be."""
        feed = self.table.feed()
        if feed is None or (feed.server_pid, feed.server_started) != this_process() or feed.state not in ALIVE:
            return
        self._wish("stop")
        until = time.monotonic() + STOP_S
        while time.monotonic() < until and feed.pid and is_alive(feed.pid, feed.pid_started or 0):
            time.sleep(0.05)
        if feed.pid and is_alive(feed.pid, feed.pid_started or 0):
            psutil.Process(feed.pid).send_signal(signal.SIGKILL)

    def _wish(self, wish: Wish) -> None:
        """What is asked for next; whoever asked to stop is not overruled."""
        self._under_way()
        with self.table.transaction() as db:
            db.execute("UPDATE feed SET wish = ? WHERE wish != 'stop'", (wish,))

    def _under_way(self) -> FeedRow:
        feed = self.table.feed()
        if feed is None or feed.state not in ALIVE:
            raise NotNow("No feed is under way", "" if feed is None else feed.state, "Start one first")
        return feed

    def _spawn(self, run: str) -> None:
        with self.table.log.open("wb") as log:
            child = subprocess.Popen(
                [*self._command, run],
                cwd=PROJECT,
                env=environment(self.workspace.root, settings().max_jobs),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Somebody has to wait for a child, or it stays behind as a zombie.
        threading.Thread(target=child.wait, name=f"reap-live-{run}", daemon=True).start()
        with self.table.transaction() as db:
            db.execute(
                "UPDATE feed SET pid = ?, pid_started = ? WHERE run = ? AND pid IS NULL",
                (child.pid, _started(child.pid), run),
            )

    def _refuse_impossible(self, spec: FeedSpec) -> None:
        """What can be told before the models are loaded."""
        models = ModelStore(self.workspace)
        for model in spec.models:
            entry = registry.REGISTRY.get(models.get(model).detector)
            if entry is None or entry.modality != "series":
                raise UserError("This model judges images, not readings", models.get(model).name, "Choose another")
        if isinstance(spec.source, ReplaySource):
            row = DatasetStore(self.workspace).row(spec.source.dataset_id)
            if row.modality != "series":
                raise UserError("This dataset holds images, not recordings", row.name, "Choose another")
        elif isinstance(spec.source, FileSource):
            allowed_file(spec.source.path)


def _begin_anew(db: sqlite3.Connection) -> None:
    clear(db)
    db.execute("UPDATE feed SET generation = generation + 1, status = json_set(status, '$.units', json('[]'))")


def _started(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0  # it is gone already; what it wrote last says why


def log_tail(path: Path, lines: int = 40) -> str:
    """The end of the worker's log."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 32_768, 0))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
