"""A model that took in further images, as a model folder like any other.

Its manifest names the parent (``provenance.continued``); ``state/forgetting.json`` holds what it forgot by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from core.datasets.types import ImageSet
from core.errors import UserError
from core.store import atomic
from core.store.manifest import REMEDY, CalibrationEntry, Manifest, read_json
from core.store.modelfolder import fitted_on, load_model, write_folder
from core.validation import told

if TYPE_CHECKING:
    from core.continual.forgetting import Forgetting
    from core.continual.stored import Continued, Parent

KEY = "continued"  # in the provenance
FILE = "forgetting.json"


class Continuation(BaseModel):
    """What the manifest says of it. ``datasets`` are the ids of all sets that were learned from, the oldest first;
    ``taken_in`` and ``held_out`` count the new images; rows are those of the memory bank."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parent: str
    parent_name: str
    added: str
    datasets: tuple[str, ...]
    taken_in: int
    held_out: int
    rows_before: int
    rows_kept: int
    rows_added: int


def read_parent(folder: Path) -> tuple[Parent, Manifest]:
    """The model in ``folder``, ready to take in images, after every file has been checked."""
    from core.continual.stored import Parent

    detector, calibration, manifest = load_model(folder)
    return Parent(manifest.name, detector, calibration, fitted_on(folder)), manifest


def write_continued(
    dest: Path, found: Continued, *, name: str, parent: str, before: Manifest, old: Sequence[ImageSet], added: ImageSet
) -> Manifest:
    """Write the model to ``dest``, which must not hold anything yet. ``parent`` is the id of the model whose manifest
    is ``before``; ``old`` are the sets that it learned from, the first one that it began with; ``added`` is the whole
    set that the new images are of."""
    fitted, growth = found.fitted, found.growth
    said = Continuation(
        parent=parent,
        parent_name=before.name,
        added=added.name,
        datasets=tuple(dict.fromkeys((*(data.content_id for data in old), added.content_id))),
        taken_in=found.taken_in,
        held_out=found.held_out,
        rows_before=growth.before,
        rows_kept=growth.kept,
        rows_added=growth.added,
    )

    def save(folder: Path) -> None:
        fitted.detector.save(folder)
        atomic.write_json(folder / FILE, found.forgetting.to_json())

    return write_folder(
        dest,
        fitted,
        save=save,
        calibrations=fitted.calibration.to_json(),
        name=name,
        dataset=old[0],
        excluded=before.dataset.excluded,
        categories=tuple(sorted({*before.dataset.categories, *added.categories})),
        calibration=CalibrationEntry.of(fitted.calibration),
        provenance=fitted.detector.provenance() | {KEY: said.model_dump(mode="json")},
    )


def continuation(manifest: Manifest) -> Continuation | None:
    """What a manifest says of it, None for a model that was trained from scratch. UserError for nonsense."""
    values = manifest.provenance.get(KEY)
    if values is None:
        return None
    try:
        return Continuation.model_validate(values)
    except ValidationError as error:
        raise UserError(
            f"The model does not say properly what it came of: {told(error)}", manifest.name, REMEDY
        ) from None


def read_forgetting(folder: Path) -> Forgetting:
    """What the model in ``folder`` forgot; torch is not needed. UserError for a damaged file."""
    from core.continual.forgetting import Forgetting

    try:
        return Forgetting.from_json(read_json(folder / "state" / FILE))
    except (KeyError, TypeError, ValueError):
        raise UserError("What the model forgot cannot be read", folder.name, REMEDY) from None


def learned_from(manifest: Manifest) -> tuple[str, ...]:
    """Ids of all sets that a model learned from, the one that it began with first."""
    found = continuation(manifest)
    return (manifest.dataset.id,) if found is None else found.datasets
