"""Tables that wait for somebody to say what their columns mean. Which one is in the URL, so that a reload, or an import
that failed, loses nothing: uploads stay on the server until they are imported or a day has passed."""

from __future__ import annotations

import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import streamlit as st

from core.datasets import archives
from core.datasets.images import SUFFIXES
from core.datasets.recordings import registry, table
from core.datasets.recordings.files import ARRAYS, TABLES, listed
from core.datasets.scan import scan
from core.errors import UserError
from core.progress import Progress
from core.ui import rooms
from core.ui.dataset import uploads

PARAM = "columns"  # name in the URL: «upload:<token>», or a path on the server
_UPLOAD = "upload:"


@dataclass(frozen=True)
class Pending:
    """``path`` is a folder or a file; ``owned`` ones were uploaded. ``first`` stands for all ``n`` tables."""

    path: Path
    name: str
    owned: bool
    first: Path
    n: int


def is_table(path: Path) -> bool:
    """Whether a folder or file holds tables in no format of their own, and no pictures: what the columns mean has to
    be asked for."""
    if path.is_dir() and scan(path, Progress()).images:
        return False
    files = listed(path)
    return bool(files.ending(*TABLES, *ARRAYS)) and registry.recognise(files) is table.FORMAT


def tables_in(archive: Path) -> bool:
    """Whether a zip holds tables and no pictures, by the names in it. Text files may be anything: they are left to the
    import, which looks into them."""
    try:
        with zipfile.ZipFile(archive) as opened:
            endings = Counter(PurePosixPath(name).suffix.casefold() for name in opened.namelist())
    except archives.FAULTS:
        return False  # the import says what is wrong with it
    return not endings.keys() & SUFFIXES and bool(endings.keys() & (TABLES | ARRAYS) - {".txt"})


def ask(path: Path, *, owned: bool) -> None:
    """Make a table the one whose columns are asked for."""
    st.query_params[PARAM] = f"{_UPLOAD}{path.name}" if owned else str(path)


def current() -> Pending | None:
    """The table of the URL, None where there is none. UserError where it is no longer there."""
    asked = st.query_params.get(PARAM)
    if not asked:
        return None
    owned = asked.startswith(_UPLOAD)
    path = _kept(asked.removeprefix(_UPLOAD)) if owned else uploads.allowed_path(asked)
    files = listed(path)
    tables = files.ending(*TABLES, *ARRAYS)
    if not tables:
        raise UserError("There is no table here any more", path.name, "Add the files again")
    return Pending(path, _name(path, [str(file) for file in tables], owned), owned, files.root / tables[0], len(tables))


def done() -> None:
    """Nothing is asked for any more."""
    st.query_params.pop(PARAM, None)


def _name(path: Path, tables: list[str], owned: bool) -> str:
    """What a dataset of these files would be called: an upload's own folder has a number for a name."""
    if len(tables) == 1:
        return Path(tables[0]).stem
    tops = {Path(file).parts[0] for file in tables}
    return path.stem if not owned else tops.pop() if len(tops) == 1 else "Uploaded recordings"


def _kept(token: str) -> Path:
    """The folder of an upload, by the name that it was given."""
    home = rooms.workspace().uploads
    path = home / token
    if not token or path.parent != home or not path.is_dir():
        raise UserError("The uploaded files are no longer there: they were imported, or a day has passed", token)
    return path
