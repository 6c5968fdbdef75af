"""A run over recordings as a folder: what one model said about every step.

run.json             SeriesRunInfo
scores.parquet       a row per step: unit, machine, split, step, time, label, now, settled, surprise_now,
                     surprise_settled, role
parts.<mode>.npy     float32 (steps, d): each sensor's part in the score, of all units in the order of the table
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from core.datasets.series import SeriesSet, SeriesUnit
from core.detectors.series.calibration import Mode
from core.detectors.series.model import JudgedUnit
from core.detectors.training import peak_rss_mib
from core.errors import UserError
from core.progress import Progress
from core.store import atomic
from core.store.manifest import model_id
from core.store.modelfolder import fitted_on
from core.store.runinfo import read_info
from core.store.seriesmodel import load_series_model

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FORMAT = 1
MODES: tuple[Mode, ...] = ("now", "settled")


class SeriesRunInfo(BaseModel):
    """What was scored by what, and how long it took."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    model_id: str
    model_name: str
    detector: str
    dataset_id: str
    dataset_name: str
    units: tuple[str, ...] = Field(description="names, in the order of the table")
    lengths: tuple[int, ...] = Field(description="steps of each unit")
    sensors: tuple[str, ...] = Field(description="names of the columns of parts")
    n_steps: int
    seconds: float = Field(description="time in the detector, frames included, writing excluded")
    us_per_step: float | None = Field(description="None for a run over no step")
    fit_seconds: float = Field(description="of the model, from its manifest")
    peak_rss_mib: float = Field(description="highest memory of fitting and of the process that scored")
    created_at: float = Field(description="seconds since the epoch")


class SeriesRun:
    """A finished run, to read from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = read_info(folder, SeriesRunInfo)

    def scores(self, unit: str | None = None, columns: list[str] | None = None) -> pd.DataFrame:
        """The rows of all units, or of one."""
        import pandas as pd

        filters = None if unit is None else [("unit", "==", unit)]
        return pd.read_parquet(self.folder / "scores.parquet", columns=columns, filters=filters)

    def parts(self, unit: str, mode: Mode) -> NDArray[np.float32]:
        """(n, d) each sensor's part in the score, mapped from disk."""
        index = self.info.units.index(unit)
        start = sum(self.info.lengths[:index])
        try:
            found: NDArray[np.float32] = np.load(self._parts(mode), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise UserError(f"The parts of «{unit}» are missing or damaged", str(self.folder), "Score again") from None
        return found[start : start + self.info.lengths[index]]

    def _parts(self, mode: Mode) -> Path:
        return self.folder / f"parts.{mode}.npy"


def scored_units(data: SeriesSet) -> SeriesSet:
    """The units that a run is about: those kept from training, or all where none are."""
    return data.test() if data.test().units else data


def score_series(
    model: Path, data: SeriesSet, dest: Path, progress: Progress, *, everything: bool = False
) -> SeriesRun:
    """Score ``scored_units(data)``, or ``everything``, with the model in folder ``model``; the run at ``dest``, which
    must not hold anything yet."""
    import pyarrow.parquet as pq

    found, manifest = load_series_model(model)
    for name, (then, now) in manifest.other_versions().items():
        progress.log(f"Trained with {name} {then}, scored with {now}: scores may differ slightly")
    roles, wanted = fitted_on(model), data if everything else scored_units(data)
    started = time.perf_counter()
    for machine in sorted({unit.machine for unit in wanted.units} & set(found.refused)):
        progress.log(f"{machine} is not scored: {found.refused[machine]}")
    learned = wanted.where(lambda unit: unit.machine not in found.refused)
    if not learned.units:
        found.member(wanted.units[0].machine)  # says why
    framed = found.prepared(learned, progress.part(0.0, 0.1))
    for machine in framed.machines:
        found.member(machine)  # a machine that was not learned is told before the work, not amid it
    seconds, done, total = time.perf_counter() - started, 0, framed.n_steps
    with atomic.new_folder(dest) as folder:
        shape = (total, len(found.signals))
        parts = {
            mode: np.lib.format.open_memmap(folder / f"parts.{mode}.npy", mode="w+", dtype=np.float32, shape=shape)
            for mode in MODES
        }
        writer: pq.ParquetWriter | None = None
        try:
            for unit in framed.units:
                part = progress.part(0.1 + 0.9 * done / total, 0.1 + 0.9 * (done + len(unit)) / total)
                started = time.perf_counter()
                judged = found.score(unit, part)
                seconds += time.perf_counter() - started
                for mode in MODES:
                    parts[mode][done : done + len(unit)] = judged.mode(mode).scores.parts
                table = _table(unit, judged, roles.get(wanted.by_name[unit.name].sha256))
                writer = writer or pq.ParquetWriter(folder / "scores.parquet", table.schema)
                writer.write_table(table)
                done += len(unit)
        finally:
            if writer is not None:
                writer.close()
        info = SeriesRunInfo(
            format=FORMAT,
            model_id=model_id(model),
            model_name=manifest.name,
            detector=manifest.detector,
            dataset_id=data.content_id,
            dataset_name=data.name,
            units=tuple(unit.name for unit in framed.units),
            lengths=tuple(len(unit) for unit in framed.units),
            sensors=tuple(sensor.name for sensor in found.signals),
            n_steps=total,
            seconds=seconds,
            us_per_step=1e6 * seconds / total if total else None,
            fit_seconds=manifest.fit_seconds,
            peak_rss_mib=max(manifest.peak_rss_mib, peak_rss_mib()),
            created_at=time.time(),
        )
        atomic.write_json(folder / "run.json", json.loads(info.model_dump_json()))
    return SeriesRun(dest)


def _table(unit: SeriesUnit, judged: JudgedUnit, role: str | None) -> pa.Table:
    """One unit's rows. ValueError for scores that are not finite: a detector's bug."""
    import pyarrow as pa

    n, labels = len(unit), unit.labels()
    for one in (judged.now, judged.settled):
        if len(one) != n or not np.isfinite(one.scores.score).all() or not np.isfinite(one.surprise).all():
            raise ValueError(f"{unit.name}: the scores are not finite or not one per step")
    word = pa.dictionary(pa.int32(), pa.string())
    columns = {
        "unit": pa.array([unit.name] * n, word),
        "machine": pa.array([unit.machine] * n, word),
        "split": pa.array([unit.split] * n, word),
        "step": pa.array(np.arange(n)),
        "time": pa.array(np.asarray(unit.time)),
        "label": pa.nulls(n, pa.bool_()) if labels is None else pa.array(labels),
        "now": pa.array(judged.now.scores.score),
        "settled": pa.array(judged.settled.scores.score),
        "surprise_now": pa.array(judged.now.surprise),
        "surprise_settled": pa.array(judged.settled.surprise),
        "role": pa.array([role or "unseen"] * n, word),
    }
    return pa.table(columns)
