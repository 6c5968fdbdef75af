"""A server that only dispatches: ``python -m tests.jobs.toy_server WORKSPACE``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from core.jobs.dispatcher import Dispatcher, Pace
from core.jobs.local import LocalEngine
from core.store.workspace import Workspace
from tests.jobs.conftest import COMMAND

if __name__ == "__main__":
    workspace = Workspace(Path(sys.argv[1]))
    Dispatcher(workspace, LocalEngine(workspace, COMMAND), max_jobs=2, pace=Pace(0.05)).start()
    signal.pause()
