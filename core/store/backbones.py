"""The compact backbones that were distilled in a workspace; free of torch until one is written."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.datasets.wording import count, verb
from core.errors import UserError
from core.features.distill.config import RECORD, WEIGHTS, DistillConfig
from core.settings import settings
from core.store import atomic
from core.store.models import ModelStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.features.distill.training import Distilled


@dataclass(frozen=True, slots=True)
class BackboneRow:
    """A distilled backbone in lists. ``record``: configuration, photographs, teacher, curve, sha256, size."""

    id: str  # the first digits of the weights' sha256
    path: Path
    created_at: float
    record: dict[str, Any]


class BackboneStore:
    """Backbones by id, newest first."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def add(self, distilled: Distilled, config: DistillConfig, photographs: dict[str, Any]) -> BackboneRow:
        """Write weights and record. The same weights again are the same backbone."""
        from core.features.distill.candidate import write_candidate

        with self.workspace.temporary() as staging:
            record = write_candidate(staging / "backbone", distilled, config, photographs)
            dest = self.workspace.backbones / record["sha256"][:16]
            if not dest.exists():
                atomic.move_folder(staging / "backbone", dest)
        return self.row(dest.name)

    def list(self) -> list[BackboneRow]:
        """Every backbone whose record can be read."""
        found = []
        for path in self.workspace.backbones.iterdir():
            with suppress(UserError):
                found.append(self.row(path.name))
        return sorted(found, key=lambda row: row.created_at, reverse=True)

    def row(self, backbone_id: str) -> BackboneRow:
        """UserError for an id that is not here."""
        folder = self.workspace.backbones / Path(backbone_id).name
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            created = (folder / RECORD).stat().st_mtime
        except (OSError, ValueError):
            raise UserError("There is no such backbone", backbone_id, "Distil it again") from None
        return BackboneRow(folder.name, folder / WEIGHTS, created, record)

    def remove(self, backbone_id: str) -> None:
        """Delete it for good. UserError for an id that is not here, and where a model that stands, or that could be
        taken out of the bin again, was trained with it: it could not score any more."""
        row = self.row(backbone_id)
        own = row.record["sha256"]
        models = [one for deleted in (False, True) for one in ModelStore(self.workspace).list(deleted)]
        using = [one.name for one in models if one.manifest.provenance.get("backbone_sha256") == own]
        if using:
            raise UserError(
                f"{count(len(using), 'model')} {verb(len(using), 'needs', 'need')} this backbone",
                ", ".join(using[:3]),
                "Delete them and empty the bin first",
            )
        in_use = settings().compact_backbone
        if in_use is not None and in_use.resolve() == row.path.resolve():
            raise UserError("This backbone is in use", row.path.name, "Start Faultline without it first")
        atomic.remove(row.path.parent)

    def listed(self, backbone_id: str) -> bool:
        """Whether it is still here."""
        return (self.workspace.backbones / Path(backbone_id).name / WEIGHTS).is_file()
