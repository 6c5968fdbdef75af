"""Who takes part in a comparison: stored runs with what is known of the models behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from core.errors import UserError
from core.store.manifest import Manifest, model_id, read_manifest
from core.store.models import ModelStore
from core.store.runfolder import Run
from core.store.runs import RunStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.detectors.calibration import Calibration
    from core.store.seriesrun import SeriesRun

AnyRun = TypeVar("AnyRun", "Run", "SeriesRun")
LEAST, MOST = 2, 6  # contestants; ``core.charts.contestants`` tells so many apart


@dataclass(frozen=True, eq=False)
class Contestant(Generic[AnyRun]):
    """One model's run. ``evaluation`` is what was stored with the run, None where nothing was. ``manifest`` and
    ``calibration`` (images only) are None where the model itself is not at hand: its promise is then read off the
    run's p-values, and its size is not known."""

    run: AnyRun
    name: str
    manifest: Manifest | None = None
    calibration: Calibration | None = None
    evaluation: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """The model's id."""
        return self.run.info.model_id

    @property
    def run_id(self) -> str:
        return self.run.folder.name

    @property
    def detector(self) -> str:
        return self.run.info.detector

    @property
    def model_bytes(self) -> int | None:
        """Size of the model's files."""
        return None if self.manifest is None else sum(file.size for file in self.manifest.files.values())


@dataclass(frozen=True, eq=False)
class Contest(Generic[AnyRun]):
    """Contestants over one dataset: what sets of images and of recordings share."""

    contestants: tuple[Contestant[AnyRun], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.contestants)

    @property
    def dataset_id(self) -> str:
        return self.contestants[0].run.info.dataset_id

    @property
    def dataset_name(self) -> str:
        return self.contestants[0].run.info.dataset_name


def image_contestants(workspace: Workspace, run_ids: Sequence[str]) -> tuple[Contestant[Run], ...]:
    """The contestants with these runs, in this order. UserError for fewer than two, or for runs that do not compare."""
    from core.store.modelfolder import load_calibration

    models, rows = ModelStore(workspace), [RunStore(workspace).row(run_id) for run_id in run_ids]
    found = []
    for row in rows:
        model = models.get(row.model_id)
        run = Run(workspace.runs / row.id)
        calibration = load_calibration(models.folder(row.model_id))
        found.append(Contestant(run, model.name, model.manifest, calibration, row.metrics))
    return checked(found)


def series_contestants(workspace: Workspace, run_ids: Sequence[str]) -> tuple[Contestant[SeriesRun], ...]:
    """The same for runs over recordings."""
    from core.store.seriesrun import SeriesRun

    models, rows = ModelStore(workspace), [RunStore(workspace).row(run_id) for run_id in run_ids]
    found = []
    for row in rows:
        model = models.get(row.model_id)
        run = SeriesRun(workspace.runs / row.id)
        found.append(Contestant(run, model.name, model.manifest, evaluation=row.metrics))
    return checked(found)


def from_folders(runs: Sequence[AnyRun], models: Sequence[Path]) -> tuple[Contestant[AnyRun], ...]:
    """Contestants from run folders; ``models`` are folders of the models that are at hand, found by their id."""
    from core.store.modelfolder import load_calibration

    manifests = {folder: read_manifest(folder) for folder in models}
    homes = {model_id(folder): folder for folder in manifests}
    unknown = set(homes) - {run.info.model_id for run in runs}
    if unknown:
        raise UserError(
            "None of the runs was made by this model", str(homes[min(unknown)]), "Leave it out, or name its run too"
        )
    found: list[Contestant[AnyRun]] = []
    for run in runs:
        home = homes.get(run.info.model_id)
        calibration = load_calibration(home) if home is not None and isinstance(run, Run) else None
        manifest = manifests[home] if home is not None else None
        found.append(Contestant(run, run.info.model_name, manifest, calibration))
    return checked(found)


def checked(found: Sequence[Contestant[AnyRun]]) -> tuple[Contestant[AnyRun], ...]:
    """The same contestants, each with a name of its own. UserError unless they are several, over one dataset."""
    if len(found) < LEAST:
        raise UserError("A comparison needs two models", f"{len(found)} given", "Score the dataset with another one")
    if len(found) > MOST:
        raise UserError(f"{len(found)} models are more than can be compared at once", "", f"Choose at most {MOST}")
    datasets = {one.run.info.dataset_id: one.run.info.dataset_name for one in found}
    if len(datasets) > 1:
        raise UserError(
            "These runs are over different datasets: their figures do not compare",
            " and ".join(f"«{name}» {found_id[:8]}" for found_id, name in list(datasets.items())[:2]),
            "Score one dataset with both models",
        )
    twice = [found_id for found_id, n in Counter(one.id for one in found).items() if n > 1]
    if twice:
        name = next(one.name for one in found if one.id == twice[0])
        raise UserError(f"The model «{name}» is there twice", twice[0], "Name each model's run once")
    shared = {name for name, n in Counter(one.name for one in found).items() if n > 1}
    return tuple(
        Contestant(one.run, f"{one.name} {one.id[:4]}", one.manifest, one.calibration, one.evaluation)
        if one.name in shared
        else one
        for one in found
    )
