"""What people said the columns of their tables mean, remembered for tables with the same header."""

from __future__ import annotations

import time

from pydantic import ValidationError

from core.datasets.recordings.tablemapping import TableMapping
from core.store.workspace import Workspace


class MappingStore:
    """Mappings by the signature of a table (``datasets.mapping``). The last one said counts."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def get(self, signature: str) -> TableMapping | None:
        """What was said of such a table; None where nobody did, or an older Faultline wrote it in words of its own."""
        with self.workspace.connect() as db:
            row = db.execute("SELECT mapping FROM mappings WHERE signature = ?", (signature,)).fetchone()
        if row is None:
            return None
        try:
            return TableMapping.model_validate_json(row["mapping"])
        except ValidationError:
            return None

    def remember(self, signature: str, mapping: TableMapping) -> None:
        with self.workspace.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO mappings (signature, mapping, said_at) VALUES (?, ?, ?)",
                (signature, mapping.model_dump_json(), time.time()),
            )

    def forget(self, signature: str) -> None:
        """Guess anew the next time."""
        with self.workspace.transaction() as db:
            db.execute("DELETE FROM mappings WHERE signature = ?", (signature,))
