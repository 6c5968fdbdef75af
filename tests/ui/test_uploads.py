"""Uploads: to disk under their own names, never outside; typed paths only inside the allowed roots."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from core.errors import UserError
from core.store.workspace import Workspace
from core.ui.dataset import uploads


class Dropped(io.BytesIO):
    """What the uploader hands over."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def test_files_keep_their_folders(workspace: Workspace) -> None:
    files = [Dropped("parts/good/1.png", b"one"), Dropped("parts/bad/ä 漢.png", b"two")]
    folder = uploads.keep(files, workspace)
    assert folder.parent == workspace.uploads
    assert (folder / "parts/good/1.png").read_bytes() == b"one"
    assert (folder / "parts/bad/ä 漢.png").read_bytes() == b"two"


def test_the_same_name_twice_is_told_and_nothing_is_left(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="twice"):
        uploads.keep([Dropped("a.png", b"1"), Dropped("a.png", b"2")], workspace)
    assert list(workspace.uploads.iterdir()) == []


def test_photographs_of_two_folders_may_have_the_same_names(workspace: Workspace) -> None:
    files = [Dropped("a.png", b"1"), Dropped("a.png", b"2"), Dropped("a.png", b"3")]
    folder = uploads.keep(files, workspace, numbered=True)
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert kept == {"a.png": b"1", "a (2).png": b"2", "a (3).png": b"3"}


@pytest.mark.parametrize("name", ["../evil.png", "a/../../evil.png", "..\\evil.png", "", "a\0b"])
def test_names_that_point_outside_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(UserError, match="outside"):
        uploads.keep([Dropped(name, b"x")], workspace)
    assert list(workspace.uploads.iterdir()) == []


def test_an_absolute_name_stays_inside() -> None:
    assert uploads.safe_parts("/etc/passwd") == ("etc", "passwd")


@pytest.mark.parametrize(
    "typed", ["/etc", "relative", "", "{root}/../..", "{root}/link", "~nouser/x", "{root}/" + 5000 * "x", "{root}/a\0b"]
)
def test_paths_outside_the_roots_are_refused(workspace: Workspace, tmp_path: Path, typed: str) -> None:
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(UserError, match="may read"):
        uploads.allowed_path(typed.format(root=tmp_path))


def test_a_missing_path_is_told(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        uploads.allowed_path(str(tmp_path / "nowhere"))


def test_a_path_inside_is_resolved(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert uploads.allowed_path(f" {tmp_path}/here/../here ") == (tmp_path / "here").resolve()
