"""The interface over a toy feed, behind a real server in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from toy_feed import PATIENCE_S, ToyFeed, replay, toy_feed, until

from core.api.routes import routes


class Client(httpx.Client):
    """With the feed behind it and the id of its dataset."""

    feed: ToyFeed
    dataset: str

    def state(self) -> str:
        return str(self.get("/api/state").json()["state"])


@contextmanager
def serving(root: Path) -> Iterator[Client]:
    """A server on a free port over a feed in a new workspace."""
    feed, dataset = toy_feed(root)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(Starlette(routes=routes(feed)), log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        until(lambda: server.started)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Client(base_url=address, timeout=PATIENCE_S, trust_env=False) as found:
            found.feed, found.dataset = feed, dataset
            yield found
        server.should_exit = True
        thread.join(PATIENCE_S)
    row = feed.table.feed()
    if row is not None and row.state in ("starting", "running", "waiting", "paused"):
        feed.stop()
    feed.join()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving(tmp_path / "workspace") as found:
        yield found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """After a replay of both recordings; only looked at."""
    with serving(tmp_path_factory.mktemp("finished") / "workspace") as found:
        assert found.post("/api/start", json=replay(found.dataset)).status_code == 200
        until(lambda: found.state() == "finished")
        yield found
