"""A trained model over time as an immutable folder, beside ``modelfolder`` for images and by the same rules.

calibration.json holds a calibration per member, ``state/`` the model's description and a folder per member.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.datasets.series import SeriesSet
from core.detectors import registry
from core.detectors.series.calibration import SeriesCalibration
from core.errors import UserError
from core.store.manifest import REMEDY, CalibrationEntry, Manifest, read_json, read_manifest
from core.store.modelfolder import verify, write_folder

if TYPE_CHECKING:
    from core.detectors.series.model import SeriesModel
    from core.detectors.series.training import FittedSeries


def write_series_model(dest: Path, fitted: FittedSeries, *, name: str, dataset: SeriesSet) -> Manifest:
    """Write a fitted model to ``dest``, which must not hold anything yet; ``dataset`` is the whole set."""
    members = fitted.model.members
    return write_folder(
        dest,
        fitted,
        save=fitted.model.save,
        calibrations={machine: member.calibration.to_json() for machine, member in members.items()},
        name=name,
        dataset=dataset,
        excluded=0,
        categories=tuple(sorted(members)),
        calibration=CalibrationEntry(scheme="held-out", n=sum(member.calibration.n for member in members.values())),
        provenance={machine: member.detector.provenance() for machine, member in members.items()},
    )


def load_series_model(folder: Path) -> tuple[SeriesModel, Manifest]:
    """The model, ready to score, after every file has been checked."""
    from core.detectors.series.model import SeriesModel

    verify(folder)
    manifest = read_manifest(folder)
    entry = registry.info(manifest.detector)
    if entry.modality != "series":
        raise UserError(f"{entry.title} judges images, not recordings", folder.name, "Choose one trained on sensors")
    params = registry.parameters(manifest.detector, manifest.params)
    calibrations = load_series_calibrations(folder)
    return SeriesModel.load(folder / "state", entry, params, manifest.seed, calibrations), manifest


def load_series_calibrations(folder: Path) -> dict[str, SeriesCalibration]:
    """The calibration of each member; cheap, free of torch."""
    try:
        found = read_json(folder / "calibration.json")
        calibrations = {machine: SeriesCalibration.from_json(one) for machine, one in found.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise UserError("The model's calibration is damaged", folder.name, REMEDY) from None
    if not calibrations:
        raise UserError("The model's calibration is empty", folder.name, REMEDY)
    return calibrations
