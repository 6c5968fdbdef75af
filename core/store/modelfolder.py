"""A trained model as an immutable folder: written whole or not at all, read back without running anything in it.

manifest.json      what the model is, with the sha256 and size of every other file
calibration.json   Calibration.to_json()
fitted_on.json     sha256 of every image that was used, by role: a later run tells leakage from it
state/             what Detector.save wrote
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from core.datasets.types import ImageSet
from core.detectors import registry
from core.detectors.base import ImageDetector, implementation
from core.detectors.calibration import Calibration
from core.errors import UserError
from core.store import atomic
from core.store.manifest import (
    FILE,
    FORMAT,
    PLAIN,
    REMEDY,
    CalibrationEntry,
    DatasetEntry,
    FileEntry,
    Manifest,
    Sha256,
    library_versions,
    model_id,
    read_json,
    read_manifest,
)

if TYPE_CHECKING:
    from core.datasets.series import SeriesSet
    from core.detectors.series.training import FittedSeries
    from core.detectors.training import Fitted

__all__ = [
    "Manifest",
    "fitted_on",
    "load_calibration",
    "load_model",
    "model_id",
    "read_manifest",
    "verify",
    "write_model",
]

# scikit-learn's trees are the one type outside skops' own list that our detectors need.
SKOPS_TRUSTED = frozenset({"sklearn.tree._tree.Tree"})

UsedFor = Literal["fit", "calibration"]
_ROLES = TypeAdapter(dict[Sha256, UsedFor])


def write_model(dest: Path, fitted: Fitted, *, name: str, dataset: ImageSet, exclude: Collection[str] = ()) -> Manifest:
    """Write a fitted detector to ``dest``, which must not hold anything yet.

    ``dataset`` is the whole set that the training images were taken from; ``exclude`` names the ones a person left out.
    """
    return write_folder(
        dest,
        fitted,
        save=fitted.detector.save,
        calibrations=fitted.calibration.to_json(),
        name=name,
        dataset=dataset,
        excluded=len(set(exclude)),
        categories=tuple(dataset.categories),
        calibration=CalibrationEntry.of(fitted.calibration),
        provenance=fitted.detector.provenance(),
    )


def write_folder(
    dest: Path,
    fitted: Fitted | FittedSeries,
    *,
    save: Callable[[Path], None],
    calibrations: object,
    name: str,
    dataset: ImageSet | SeriesSet,
    excluded: int,
    categories: tuple[str, ...],
    calibration: CalibrationEntry,
    provenance: dict[str, Any],
) -> Manifest:
    """A model folder of either modality: ``save`` fills its ``state``, ``calibrations`` become ``calibration.json``,
    the rest what the manifest says."""
    used = list(fitted.roles.values())
    with atomic.new_folder(dest) as folder:
        (folder / "state").mkdir()
        save(folder / "state")
        atomic.write_json(folder / "calibration.json", calibrations)
        atomic.write_json(folder / "fitted_on.json", dict(fitted.roles))
        manifest = Manifest(
            format=FORMAT if calibration.categories else PLAIN,
            name=name,
            detector=fitted.detector_name,
            params=fitted.params.model_dump(mode="json"),
            seed=fitted.seed,
            dataset=DatasetEntry(
                id=dataset.content_id,
                name=dataset.name,
                items=len(dataset),
                fit=used.count("fit"),
                calibration=used.count("calibration"),
                excluded=excluded,
                categories=categories,
            ),
            calibration=calibration,
            provenance=provenance,
            fit_seconds=fitted.fit_seconds,
            peak_rss_mib=fitted.peak_rss_mib,
            versions=library_versions(),
            files={path.relative_to(folder).as_posix(): _entry(path) for path in _files(folder)},
        )
        atomic.write_bytes(folder / FILE, manifest.to_bytes())
    return manifest


def load_model(folder: Path) -> tuple[ImageDetector, Calibration, Manifest]:
    """The detector, ready to score, after every file has been checked."""
    verify(folder)
    manifest = read_manifest(folder)
    entry = registry.info(manifest.detector)
    if entry.modality != "image":
        raise UserError(f"{entry.title} judges recordings, not images", folder.name, "Choose a model trained on images")
    params = registry.parameters(manifest.detector, manifest.params)
    detector = implementation(entry).load(folder / "state", params, manifest.seed)
    then, now = (found.get("backbone_sha256") for found in (manifest.provenance, detector.provenance()))
    if then != now:
        raise _other_backbone(manifest.provenance.get("backbone"), str(then), str(now))
    return detector, load_calibration(folder), manifest


def _other_backbone(name: str | None, then: str, now: str) -> UserError:
    """A memory of one network's features says nothing about another's, so such a model cannot score."""
    what = f"The model was trained with other weights of the backbone «{name}» than those in use"
    where = f"sha256 {then[:12]} then, {now[:12]} now"
    if name == "compact":
        return UserError(
            what, where, "Train it again, or name the file it was trained with in FAULTLINE_COMPACT_BACKBONE"
        )
    return UserError(what, where, "Train it again, or put the file it was trained with into FAULTLINE_WEIGHTS_DIR")


def load_calibration(folder: Path) -> Calibration:
    """The calibration of a model; cheap, free of torch."""
    try:
        return Calibration.from_json(read_json(folder / "calibration.json"))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UserError("The model's calibration is damaged", folder.name, REMEDY) from None


def fitted_on(folder: Path) -> dict[str, UsedFor]:
    """What each image, by sha256, was used for."""
    try:
        return _ROLES.validate_python(read_json(folder / "fitted_on.json"))
    except ValidationError:
        raise UserError("The model's list of training images is damaged", folder.name, REMEDY) from None


def verify(folder: Path) -> None:
    """UserError unless the folder holds exactly what its manifest lists, unaltered, and nothing that could run code."""
    manifest = read_manifest(folder)
    registry.parameters(manifest.detector, manifest.params)
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    present.pop(FILE)
    for name in sorted(present.keys() ^ manifest.files.keys()):
        fault = "is missing" if name in manifest.files else "is not in its manifest"
        raise UserError(f"The model is not whole: {name} {fault}", folder.name, REMEDY)
    for name, path in present.items():
        if path.is_symlink() or _entry(path) != manifest.files[name]:
            raise UserError(f"The model was altered: {name} is not what the manifest says", folder.name, REMEDY)
        if path.suffix == ".skops":
            _refuse_untrusted_types(path)
    if manifest.calibration != _calibration_entry(folder, manifest):
        raise UserError("The model's calibration is not the one that its manifest describes", folder.name, REMEDY)
    fitted_on(folder)


def _calibration_entry(folder: Path, manifest: Manifest) -> CalibrationEntry:
    """What the calibration file says of itself."""
    if registry.info(manifest.detector).modality == "image":
        return CalibrationEntry.of(load_calibration(folder))
    from core.store.seriesmodel import load_series_calibrations

    found = load_series_calibrations(folder)
    return CalibrationEntry(scheme="held-out", n=sum(one.n for one in found.values()))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _entry(path: Path) -> FileEntry:
    with path.open("rb") as file:
        return FileEntry(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size)


def _refuse_untrusted_types(path: Path) -> None:
    """skops names the types in a file without building them."""
    if not zipfile.is_zipfile(path):
        raise UserError(f"The model's {path.name} cannot be read", path.parent.parent.name, REMEDY)
    import skops.io

    try:
        unknown = set(skops.io.get_untrusted_types(file=path)) - SKOPS_TRUSTED
    except Exception:  # skops raises whatever a broken file leads it into
        raise UserError(f"The model's {path.name} cannot be read", path.parent.parent.name, REMEDY) from None
    if unknown:
        raise UserError(
            f"The model's {path.name} holds types that are not allowed: {', '.join(sorted(unknown))}",
            path.parent.parent.name,
            "Only models of Faultline's own detectors can be loaded",
        )
