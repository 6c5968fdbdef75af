"""The real worker with the toy tasks: ``python -m tests.jobs.toy_worker ID``."""

from __future__ import annotations

import sys

from core.jobs import worker
from core.store.workspace import Workspace
from tests.jobs.toy_tasks import TOYS

if __name__ == "__main__":
    worker.settle_in()
    sys.exit(0 if worker.run_job(sys.argv[1], Workspace.default(), TOYS) else 1)
