"""A live feed of toy detectors whose worker is a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import toy_series as toys

from core.datasets.series import Event
from core.live.feed import LiveFeed
from core.live.spec import FeedSpec
from core.live.worker import Worker
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace

PATIENCE_S = 200.0  # many times what a free machine needs: a real worker imports scipy and torch first
FAULTS = (Event(300, 340, (1,)), Event(600, 620, (0,)))


class ToyWorker(Worker):
    """Finds its models in memory."""

    def _load(self, spec: FeedSpec) -> None:
        everything = toys.toy_models()
        self._models = {name: everything[name] for name in spec.models}
        self._shown = [{"name": name, "id": name, "title": f"Toy {name}", "detector": name} for name in spec.models]


class ToyFeed(LiveFeed):
    """Models are named, not stored: ``vae``, ``kalman``, ``arima``."""

    threads: list[threading.Thread]

    def _refuse_impossible(self, spec: FeedSpec) -> None:
        self.threads = getattr(self, "threads", [])

    def _spawn(self, run: str) -> None:
        thread = threading.Thread(target=ToyWorker(self.workspace, run).main, daemon=True)
        self.threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Until every worker has ended."""
        for thread in getattr(self, "threads", []):
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def toy_feed(root: Path) -> tuple[ToyFeed, str]:
    """A feed in a new workspace, and the id of a dataset with two test recordings: ``a`` with faults, ``b`` without."""
    workspace = Workspace(root)
    data = toys.dataset(toys.recording(1, 1000, FAULTS, "a"), toys.recording(2, 200, name="b"))
    return ToyFeed(workspace), DatasetStore(workspace).add(data).id


def replay(dataset_id: str, **settings: object) -> dict[str, object]:
    """The specification of a replay at full speed by three detectors."""
    source = {"kind": "replay", "dataset_id": dataset_id}
    return {"source": source, "models": ["vae", "kalman", "arima"], "speed": "max"} | settings


def until(true: Callable[[], object]) -> None:
    """Wait for something that a thread does."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
