"""Tasks that do nothing useful in every way that a task can go."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from collections.abc import Mapping
from typing import Any

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.workspace import Workspace


class ToySpec(Spec):
    how: str = "steps"
    steps: int = 5
    pause_s: float = 0.02
    label: str = ""


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    asked = ToySpec(**spec)
    progress.log(f"begins {asked.how}")
    progress.report(0, 1, asked.how)
    if asked.how != "steps":
        WAYS[asked.how](progress)
    first = _resume(progress)
    for step in range(first, asked.steps):
        progress.report(step, asked.steps, "Counting", loss=1 / (step + 1))
        time.sleep(asked.pause_s)
        if progress.scratch:
            (progress.scratch / "step.json").write_text(json.dumps(step + 1))
    progress.log("counted")
    return {"steps": asked.steps, "first": first}


def _resume(progress: Progress) -> int:
    note = progress.scratch / "step.json" if progress.scratch else None
    return json.loads(note.read_text()) if note and note.is_file() else 0


def _deaf(progress: Progress) -> None:
    """Never looks at the flag, but ends on SIGTERM."""
    time.sleep(60)


def _stubborn(progress: Progress) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def _memory(progress: Progress) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    bytearray(64 << 30)


def _user_error(progress: Progress) -> None:
    raise UserError("The pictures are upside down", "screws", "Turn them")


def _bug(progress: Progress) -> None:
    raise KeyError("secret detail")


WAYS = {
    "deaf": _deaf,
    "stubborn": _stubborn,
    "exit": lambda progress: os._exit(3),
    "segfault": lambda progress: os.kill(os.getpid(), signal.SIGSEGV),
    "kill": lambda progress: os.kill(os.getpid(), signal.SIGKILL),
    "terminate": lambda progress: os.kill(os.getpid(), signal.SIGTERM),
    "memory": _memory,
    "user error": _user_error,
    "bug": _bug,
}


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    return not (workspace.root / "gone").exists()


TOYS = {
    "toy": TaskInfo("toy", 1, run, ToySpec, stands, cosmetic=frozenset({"label"})),
    "once": TaskInfo("once", 1, run, ToySpec),
}
