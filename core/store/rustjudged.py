"""What an analysis of rust found, kept beside it: a page reads it without the libraries that judging needs."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import UserError
from core.severity.analysis import Analysis
from core.severity.settings import RustSettings
from core.severity.types import Curve, PartResult
from core.store import atomic

FILE = "judged.json"


class Judged(BaseModel):
    """An ``Analysis`` without the records that it was judged from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: RustSettings
    parts: tuple[PartResult, ...]
    fleet: Curve | None
    notes: tuple[str, ...]


def write_judged(folder: Path, found: Analysis) -> None:
    """Keep what was found in the folder of its analysis; that of other settings is replaced."""
    kept = Judged(settings=found.settings, parts=found.parts, fleet=found.fleet, notes=found.notes)
    atomic.write_bytes(folder / FILE, kept.model_dump_json().encode())


def read_judged(folder: Path) -> Judged:
    """What was found last. UserError where it is missing or from another version."""
    try:
        return Judged.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        raise UserError(
            "The analysis is damaged or from another version", folder.name, "Analyse the photographs again"
        ) from None
