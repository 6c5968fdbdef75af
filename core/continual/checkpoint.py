"""A method's run on disk: arrays alone, whole or not at all, readable without pickle."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from core.continual.types import MemoryRecord, RecordKind, StepRecord
from core.errors import UserError

Arrays = dict[str, NDArray[Any]]
STEP_ROWS = ("ids", "label", "fault", "severity", "score", "probability")
MEMORY_ROWS = ("ids", "fault", "severity", "utility", "buffer")


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write or replace one file of named arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes one keyword for allow_pickle
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> Arrays:
    """Read them back. UserError where the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError("A checkpoint cannot be read", str(path), "Delete it: the run begins anew there") from error


def pack_steps(records: Sequence[StepRecord]) -> Arrays:
    """Step records as arrays, their rows one after the other."""
    kinds = get_args(RecordKind)
    head = [(kinds.index(one.kind), one.step, one.task, one.about, len(one.ids)) for one in records]
    found: Arrays = {
        "head": np.array(head, np.int64).reshape(-1, 5),
        "threshold": np.array([one.threshold for one in records], np.float64),
        "state": np.array(json.dumps([dict(one.state) for one in records])),
    }
    return found | {name: _joined([getattr(one, name) for one in records]) for name in STEP_ROWS}


def unpack_steps(arrays: Mapping[str, NDArray[Any]]) -> list[StepRecord]:
    """Back from `pack_steps`, bit-identically."""
    kinds, states = get_args(RecordKind), json.loads(str(arrays["state"]))
    rows = {name: _cut(arrays[name], arrays["head"][:, 4]) for name in STEP_ROWS}
    return [
        StepRecord(
            kinds[int(head[0])], int(head[1]), int(head[2]), int(head[3]),
            **{name: rows[name][k] for name in STEP_ROWS},
            threshold=float(arrays["threshold"][k]), state=states[k],
        )
        for k, head in enumerate(arrays["head"])
    ]  # fmt: skip


def pack_memory(records: Sequence[MemoryRecord]) -> Arrays:
    """Memory records as arrays."""
    head = np.array([(one.step, one.nbytes, len(one.ids)) for one in records], np.int64).reshape(-1, 3)
    return {"head": head, **{name: _joined([getattr(one, name) for one in records]) for name in MEMORY_ROWS}}


def unpack_memory(arrays: Mapping[str, NDArray[Any]]) -> list[MemoryRecord]:
    """Back from `pack_memory`."""
    rows = {name: _cut(arrays[name], arrays["head"][:, 2]) for name in MEMORY_ROWS}
    return [
        MemoryRecord(int(head[0]), **{name: rows[name][k] for name in MEMORY_ROWS}, nbytes=int(head[1]))
        for k, head in enumerate(arrays["head"])
    ]


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0)


def _cut(values: NDArray[Any], lengths: NDArray[np.int64]) -> list[NDArray[Any]]:
    return np.split(values, np.cumsum(lengths)[:-1]) if len(lengths) else []
