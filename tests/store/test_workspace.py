"""The index: created once, by however many processes at once, and never by an older program."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import UserError
from core.settings import PROJECT
from core.store import Workspace, database


def test_an_old_index_is_kept_and_a_newer_one_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert Workspace(tmp_path).root == workspace.root
    connection = sqlite3.connect(workspace.index)
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UserError, match="newer Faultline"):
        Workspace(tmp_path)


def test_a_transaction_happens_or_does_not(workspace: Workspace) -> None:
    insert = "INSERT INTO exclusions (dataset_id, item) VALUES ('d', ?)"
    with pytest.raises(KeyError), workspace.transaction() as db:
        db.execute(insert, ("a",))
        raise KeyError
    with workspace.transaction() as db:
        db.execute(insert, ("b",))
    with workspace.connect() as db:
        assert [row["item"] for row in db.execute("SELECT item FROM exclusions")] == ["b"]


def test_many_processes_may_open_a_new_workspace_at_once(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from core.store import Workspace; Workspace(Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path / "new")]
    children = [subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE) for _ in range(4)]
    for child in children:
        assert child.communicate()[1] == b""
        assert child.returncode == 0


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="FAULTLINE_DATA_DIR"):
        Workspace(tmp_path / "file" / "workspace")


def test_an_index_with_stages_is_brought_up_to_date(tmp_path: Path) -> None:
    database.prepare(tmp_path / "index.sqlite")
    with database.connect(tmp_path / "index.sqlite") as db:
        tables = [row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = [name for name in tables if not name.startswith("sqlite_")]
        for table in tables:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in database.MIGRATIONS[0]:
            db.execute(statement)
        db.execute("PRAGMA user_version = 1")
        db.execute(
            "INSERT INTO models (id, name, detector, dataset_id, tags, stage, manifest, created_at)"
            " VALUES ('m', 'Kept', 'toy', 'd', '[]', 'candidate', '{}', 0)"
        )
    with Workspace(tmp_path).connect() as db:
        row = dict(db.execute("SELECT * FROM models").fetchone())
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(database.MIGRATIONS)
    assert row["name"] == "Kept"
    assert "stage" not in row


def test_what_vanishes_while_it_is_swept_is_no_error(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import core.store.workspace as module

    assert module._age_s(workspace.root / "gone") == 0.0
    old = workspace.scratch("old")
    monkeypatch.setattr(module, "_age_s", lambda path: 1e9)
    monkeypatch.setattr(module.atomic, "sweep", lambda folder: [])
    assert workspace.sweep() == [old]
    assert not old.exists()
