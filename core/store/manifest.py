"""What a model says about itself: the manifest and its two companions, as JSON."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from core.detectors.base import MAX_SEED
from core.detectors.calibration import Calibration, Scheme
from core.detectors.registry import REGISTRY
from core.errors import UserError
from core.validation import told

FORMAT = 2  # the newest that this Faultline reads
PLAIN = 1  # that of a model whose images are calibrated all together, which older ones read too
FILE = "manifest.json"
MAX_BYTES = 64 * 2**20  # of a JSON file; the calibrations of 400 machines take 50
REMEDY = "Ask for the model to be exported again"
LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "torchvision",
    "scikit-learn",
    "statsmodels",
    "opencv-python-headless",
    "safetensors",
)

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# What a model may be made of. A name that is not of this form is refused, so none can lead out of the folder.
FileName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(calibration\.json|fitted_on\.json|state/([0-9]{4}/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.(json|safetensors|skops))$"
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileEntry(_Strict):
    sha256: Sha256
    size: int = Field(ge=0, description="bytes")


class DatasetEntry(_Strict):
    """What the model was trained on. Counts are images, or units of recordings; ``excluded`` were left out of training
    by a person; ``categories`` are products, or the machines with a model of their own («*»: one for all)."""

    id: Sha256
    name: str
    items: int = Field(ge=0, validation_alias=AliasChoices("items", "images"))  # «images» in the first manifests
    fit: int = Field(ge=0)
    calibration: int = Field(ge=0)
    excluded: int = Field(ge=0)
    categories: tuple[str, ...]


class CalibrationEntry(_Strict):
    """On how many images (or steps), and the ``categories`` that are calibrated by their own images."""

    scheme: Scheme
    n: int = Field(ge=1)
    categories: tuple[str, ...] = Field((), exclude_if=lambda found: not found)

    @classmethod
    def of(cls, calibration: Calibration) -> CalibrationEntry:
        return cls(scheme=calibration.scheme, n=calibration.n, categories=calibration.known)


class Manifest(_Strict):
    """Everything needed to know what a model is and to trust its files."""

    format: int
    name: str = Field(description="the name that it was trained under; the index holds the present one")
    detector: str
    params: dict[str, Any]
    seed: int = Field(ge=0, le=MAX_SEED)
    dataset: DatasetEntry
    calibration: CalibrationEntry
    provenance: dict[str, Any]
    fit_seconds: float = Field(ge=0)
    peak_rss_mib: float = Field(ge=0)
    versions: dict[str, str]
    files: dict[FileName, FileEntry]

    @model_validator(mode="before")
    @classmethod
    def _older_than_a_parameter(cls, said: Any) -> Any:
        """A model from before a parameter existed says nothing of it, and is not of the parameter's present default."""
        entry = REGISTRY.get(str(said.get("detector"))) if isinstance(said, dict) else None
        if entry is None or not isinstance(said.get("params"), dict):
            return said
        return {**said, "params": {**entry.unsaid, **said["params"]}}

    def to_bytes(self) -> bytes:
        """As it is written; the model id is a hash of these bytes."""
        return self.model_dump_json(indent=1).encode()

    def other_versions(self) -> dict[str, tuple[str, str]]:
        """Libraries that were (first) another version at training than (second) they are here: scores may differ."""
        here = library_versions()
        return {
            name: (version, here.get(name, "missing"))
            for name, version in self.versions.items()
            if here.get(name, "missing") != version
        }


def library_versions() -> dict[str, str]:
    """Versions of what a score depends on, as far as it is installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def model_id(folder: Path) -> str:
    """The first 16 hex digits of the manifest's sha256: the manifest holds the hash of every other file."""
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()[:16]


def read_manifest(folder: Path) -> Manifest:
    """The checked manifest of a model folder. UserError where there is none, or one that cannot be trusted."""
    path = folder / FILE
    values = read_json(path)
    written = values.get("format") if isinstance(values, dict) else None
    if isinstance(written, int) and written > FORMAT:
        raise UserError(
            f"The model was written by a newer Faultline (format {written}, this one reads {FORMAT})",
            folder.name,
            "Update Faultline",
        )
    try:
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        raise UserError(
            f"The model's manifest is not valid: {told(error, 'the whole file')}", folder.name, REMEDY
        ) from None
    for needed in ("calibration.json", "fitted_on.json"):
        if needed not in manifest.files:
            raise UserError(f"The model's manifest does not list {needed}", folder.name, REMEDY)
    return manifest


def read_json(path: Path) -> Any:
    """A JSON file of a model. UserError for one that is missing, oversized or not JSON."""
    if not path.is_file():
        raise UserError(f"This is not a model: there is no {path.name}", str(path.parent), "Choose a model folder")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB", path.parent.name, REMEDY)
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise UserError(f"{path.name} is not valid JSON", path.parent.name, REMEDY) from None
