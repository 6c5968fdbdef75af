"""Event logs: what a machine said and when. Reads layouts of loghub (Zhu et al., ISSRE 2023): BGL with alert labels,
HDFS without."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.datasets.templates import TemplateMiner
from core.datasets.types import Rejected
from core.errors import UserError

LEAST_EVENTS = 10
TOLD = 5  # lines that could not be read, told one by one


@dataclass(frozen=True, eq=False)
class LogSet:
    """Events in the order of time.

    ``time`` is (n,) seconds since the epoch, not falling; ``template`` (n,) indexes ``templates``; ``alert`` (n,) is
    the category of an alert, empty for an ordinary event, or None where nobody labelled the log.
    """

    name: str
    root: Path
    format: str
    time: NDArray[np.float64]
    template: NDArray[np.int64]
    templates: tuple[str, ...]
    messages: tuple[str, ...]
    alert: tuple[str, ...] | None
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    modality: Literal["log"] = field(default="log", init=False)

    @cached_property
    def content_id(self) -> str:
        """sha256 over times, messages and labels."""
        digest = hashlib.sha256(b"faultline.LogSet.1\n")
        digest.update(np.ascontiguousarray(self.time).tobytes())
        digest.update(repr((self.messages, self.alert)).encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.time)

    def labels(self) -> NDArray[np.bool_] | None:
        """(n,) true for an alert, None where nobody said."""
        return None if self.alert is None else np.array([bool(one) for one in self.alert])


@dataclass(frozen=True)
class _Line:
    time: float
    message: str
    alert: str | None


def _bgl(line: str) -> _Line | None:
    """``- 1117838570 2005.06.03 R02-… 2005-06-03-15.42.50.675872 R02-… RAS KERNEL INFO message``."""
    parts = line.split(maxsplit=9)
    if len(parts) < 10 or not parts[1].isdigit():
        return None
    try:
        at = datetime.strptime(parts[4], "%Y-%m-%d-%H.%M.%S.%f").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return _Line(at, f"{parts[7]} {parts[8]} {parts[9]}", "" if parts[0] == "-" else parts[0])


def _hdfs(line: str) -> _Line | None:
    """``081109 203615 148 INFO dfs.DataNode$PacketResponder: message``."""
    parts = line.split(maxsplit=4)
    if len(parts) < 5 or not re.fullmatch(r"\d{6}", parts[0]) or not re.fullmatch(r"\d{6}", parts[1]):
        return None
    try:
        at = datetime.strptime(parts[0] + parts[1], "%y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return _Line(at, f"{parts[3]} {parts[4]}", None)


FORMATS: dict[str, Callable[[str], _Line | None]] = {"bgl": _bgl, "hdfs": _hdfs}


def read_logs(path: Path, name: str | None = None) -> LogSet:
    """The log in a file, or the first ``*.log`` of a folder. UserError where there is none, or none of its first lines
    is in a known format."""
    file = _file(path)
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UserError("The log cannot be read", str(file), "Check the path and its permissions") from error
    for format, parse in FORMATS.items():
        if any(parse(line) for line in lines[:LEAST_EVENTS]):
            return _assembled(file, name or file.stem, format, lines, parse)
    remedy = "Logs of loghub are read: BGL and HDFS, as raw lines"
    raise UserError("The log is in no known format", str(file), remedy)


def _assembled(file: Path, name: str, format: str, lines: list[str], parse: Callable[[str], _Line | None]) -> LogSet:
    found: list[_Line] = []
    rejected: list[Rejected] = []
    for number, line in enumerate(lines, start=1):
        event = parse(line)
        if event is not None:
            found.append(event)
        elif line.strip():
            rejected.append(Rejected(f"{file.name}, line {number}", f"not in the format {format}"))
    if len(found) < LEAST_EVENTS:
        raise UserError(f"The log has only {len(found)} readable events", str(file), "Give it more of the log")
    times = np.array([event.time for event in found])
    order = np.argsort(times, kind="stable")
    moved = int((np.diff(times) < 0).sum())
    miner = TemplateMiner()
    template = np.array([miner.learn(found[place].message) for place in order])
    labelled = found[0].alert is not None
    notes = [f"{len(miner.templates)} templates were mined from the messages (Drain)."]
    if moved:
        notes.append(f"Sorted by time: {moved} events lay before the one above them.")
    if not labelled:
        notes.append("Nobody labelled the events.")
    if len(rejected) > TOLD:
        more = len(rejected) - TOLD
        rejected = [*rejected[:TOLD], Rejected(file.name, f"{more} more lines not in the format {format}")]
    return LogSet(
        name=name,
        root=file.parent,
        format=format,
        time=times[order],
        template=template,
        templates=tuple(miner.text(number) for number in range(len(miner.templates))),
        messages=tuple(found[place].message for place in order),
        alert=tuple(found[place].alert or "" for place in order) if labelled else None,
        rejected=tuple(rejected),
        notes=tuple(notes),
    )


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted(path.glob("*.log")) if path.is_dir() else []
    if not found:
        raise UserError("There is no log here", str(path), "Name a .log file, or a folder that holds one")
    return found[0]
