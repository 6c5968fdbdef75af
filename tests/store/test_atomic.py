"""Nothing is half-written, whatever happens half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import UserError
from core.settings import PROJECT
from core.store import Workspace, atomic
from core.store.processes import is_alive, this_process


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    dest = tmp_path / "deep" / "result"
    with atomic.new_folder(dest) as folder:
        (folder / "a").write_text("1")
        assert not dest.exists()
    assert (dest / "a").read_text() == "1"
    assert [path.name for path in dest.parent.iterdir()] == ["result"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), atomic.new_folder(tmp_path / "result") as folder:
        (folder / "a").write_text("1")
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_an_occupied_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "mine").write_text("keep")
    with pytest.raises(UserError, match="already something"), atomic.new_folder(tmp_path / "result"):
        pass
    assert (tmp_path / "result" / "mine").read_text() == "keep"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    with atomic.new_folder(tmp_path / "result") as folder:
        (folder / "a").write_text("1")
    assert (tmp_path / "result" / "a").exists()


def test_json_replaces_and_refuses_nan(tmp_path: Path) -> None:
    atomic.write_json(tmp_path / "x.json", {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        atomic.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert (tmp_path / "x.json").read_text() == '{\n "a": 1\n}'
    assert len(list(tmp_path.iterdir())) == 1


WRITER = """
import os, sys, time
from pathlib import Path
from core.store import atomic
with atomic.new_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("x")
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_writer_leaves_no_result_and_is_swept(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    dest = workspace.models / "m"
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(dest)], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert workspace.sweep() == []  # its writer lives
        child.send_signal(signal.SIGKILL)
    assert not dest.exists()
    assert len(workspace.sweep()) == 1
    assert not list(workspace.models.iterdir())


def test_orphans_are_swept_only_when_old(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    young, old = workspace.runs / "young", workspace.runs / "old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (time.time() - 1e6,) * 2)
    assert workspace.sweep() == [old]
    assert young.exists()


def test_a_process_is_its_number_and_start(tmp_path: Path) -> None:
    pid, started = this_process()
    assert is_alive(pid, started)
    assert not is_alive(pid, started - 100)
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    deadline = time.monotonic() + 120
    import psutil

    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(child.pid, psutil.Process(child.pid).create_time())  # a zombie has ended
    child.wait()
