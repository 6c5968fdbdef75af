"""A continual run as a folder: what every method said of every sample, on every seed.

run.json                    ContinualInfo: configuration, tasks, classes, severities, one entry for each method and seed
report.json                 the table of figures, as ``metrics.Report.to_json``
records/<seed>-<method>.npz scores and memory, as the checkpoint packs them: no model is needed to read them
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.continual.checkpoint import pack_memory, pack_steps, read_arrays, unpack_memory, unpack_steps, write_arrays
from core.continual.config import ContinualConfig
from core.continual.contract import below, prefixed
from core.continual.metrics import report
from core.continual.types import MethodRun, Records
from core.errors import UserError
from core.store import atomic

FORMAT = 1


class MethodInfo(BaseModel):
    """One method on one seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    seed: int
    seconds: float
    peak_rss_mib: float
    notes: tuple[str, ...]


class ContinualInfo(BaseModel):
    """What was run, on what, under which severities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    name: str
    config: ContinualConfig
    config_sha256: str
    severity_sha256: str
    stream: str
    tasks: tuple[str, ...]
    onsets: tuple[int, ...]
    faults: tuple[str, ...]
    severities: tuple[float, ...]
    notes: tuple[str, ...]
    runs: tuple[MethodInfo, ...]
    created_at: float = Field(description="seconds since the epoch")


class ContinualRun:
    """A finished run, to read from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "run.json"
        try:
            self.info = ContinualInfo.model_validate_json(path.read_bytes())
        except OSError:
            raise UserError("There is no continual run here", str(folder), "Run it again") from None
        except ValidationError:
            raise UserError("run.json is damaged or from another version", str(folder), "Run it again") from None

    @property
    def config(self) -> ContinualConfig:
        return self.info.config

    @cached_property
    def report(self) -> dict[str, Any]:
        """The figures under the severities that the run was made with."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        except (OSError, ValueError):
            raise UserError("report.json is missing or damaged", str(self.folder), "Run it again") from None
        return found

    def method_run(self, method: str, seed: int) -> MethodRun:
        """All records of one method on one seed. UserError where it did not run."""
        about = next((one for one in self.info.runs if (one.method, one.seed) == (method, seed)), None)
        if about is None:
            raise UserError(f"«{method}» did not run on seed {seed}", self.info.name, "Choose one that did")
        arrays = read_arrays(self.folder / "records" / _file(method, seed))
        return _unpacked(arrays, about)

    def records(self, seeds: tuple[int, ...] | None = None) -> Records:
        """The records of all seeds, or of some: what ``metrics.report`` and ``metrics.with_severities`` take."""
        wanted = [one for one in self.info.runs if seeds is None or one.seed in seeds]
        info = self.info
        return Records(
            stream=info.stream,
            config_hash=info.config_sha256,
            severity_hash=info.severity_sha256,
            tasks=info.tasks,
            onsets=info.onsets,
            faults=info.faults,
            severities=info.severities,
            runs=tuple(self.method_run(one.method, one.seed) for one in wanted),
            notes=info.notes,
        )


def write_continual(dest: Path, config: ContinualConfig, records: Records) -> ContinualRun:
    """A run folder at ``dest``, whole or not at all; UserError where something is there already."""
    with atomic.new_folder(dest) as folder:
        for run in records.runs:
            write_arrays(folder / "records" / _file(run.method, run.seed), _packed(run))
        found = report(records, resamples=config.evaluation.bootstrap).to_json()
        atomic.write_json(folder / "report.json", found)
        info = ContinualInfo(
            format=FORMAT,
            name=config.name,
            config=config,
            config_sha256=records.config_hash,
            severity_sha256=records.severity_hash,
            stream=records.stream,
            tasks=records.tasks,
            onsets=records.onsets,
            faults=records.faults,
            severities=records.severities,
            notes=records.notes,
            runs=tuple(
                MethodInfo(
                    method=run.method,
                    seed=run.seed,
                    seconds=run.seconds,
                    peak_rss_mib=run.peak_rss_mib,
                    notes=run.notes,
                )
                for run in records.runs
            ),
            created_at=time.time(),
        )
        atomic.write_json(folder / "run.json", info.model_dump(mode="json"))
    return ContinualRun(dest)


def so_far(scratch: Path, config: ContinualConfig) -> tuple[MethodRun, ...]:
    """What a run under way, or interrupted, has recorded in its scratch folder: methods that are not done hold fewer
    records."""
    found = []
    for seed in config.seeds:
        for method in config.methods:
            path = scratch / config.checkpoint_name(seed, method)
            if path.is_file():
                arrays = read_arrays(path)
                about = MethodInfo(
                    method=method, seed=seed, seconds=float(arrays["own"][1]), peak_rss_mib=0.0, notes=()
                )
                found.append(_unpacked(arrays, about))
    return tuple(found)


def _packed(run: MethodRun) -> dict[str, NDArray[Any]]:
    kept: dict[str, NDArray[Any]] = dict(run.latent)
    return {
        **prefixed("steps", pack_steps(run.steps)),
        **prefixed("kept", pack_memory(run.memory)),
        **prefixed("latent", kept),
    }


def _unpacked(arrays: Mapping[str, NDArray[Any]], about: MethodInfo) -> MethodRun:
    latent = {name: np.asarray(values, np.float32) for name, values in below("latent", arrays).items()}
    return MethodRun(
        method=about.method,
        seed=about.seed,
        steps=tuple(unpack_steps(below("steps", arrays))),
        memory=tuple(unpack_memory(below("kept", arrays))),
        seconds=about.seconds,
        peak_rss_mib=about.peak_rss_mib,
        notes=about.notes,
        latent=latent,
    )


def _file(method: str, seed: int) -> str:
    return f"{seed}-{method}.npz"
