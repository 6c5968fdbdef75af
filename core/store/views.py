"""Saved views: a name for the query string of a page, kept in the workspace for everybody who opens it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from core.errors import UserError
from core.store.datasets import clean_name
from core.store.workspace import Workspace

MAX_QUERY = 8000  # characters; browsers and proxies cut longer addresses


@dataclass(frozen=True, slots=True)
class View:
    """``query`` as in a URL, without the question mark."""

    id: int
    name: str
    query: str
    saved_at: float


class ViewStore:
    """The saved views of every page."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def list(self, page: str) -> list[View]:
        """Those of a page that are not removed, by name."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT id, name, query, saved_at FROM saved_views WHERE page = ? AND deleted_at IS NULL"
                " ORDER BY name COLLATE NOCASE",
                (page,),
            ).fetchall()
        return [View(**dict(row)) for row in rows]

    def save(self, page: str, name: str, query: str) -> None:
        """Keep a view; one of the same name on the same page is replaced. UserError for an empty or overlong one."""
        name = clean_name(name)
        if len(query) > MAX_QUERY:
            raise UserError("This view has too long an address to be saved", name, "Select fewer things")
        with self.workspace.transaction() as db:
            db.execute("DELETE FROM saved_views WHERE page = ? AND name = ? AND deleted_at IS NULL", (page, name))
            db.execute(
                "INSERT INTO saved_views (page, name, query, saved_at) VALUES (?, ?, ?, ?)",
                (page, name, query, time.time()),
            )

    def remove(self, view_id: int) -> None:
        """Take it off the list; ``restore`` brings it back."""
        with self.workspace.transaction() as db:
            db.execute("UPDATE saved_views SET deleted_at = ? WHERE id = ?", (time.time(), view_id))

    def restore(self, view_id: int) -> None:
        """Bring a removed view back. UserError where its name has been given to another meanwhile."""
        with self.workspace.transaction() as db:
            taken = db.execute(
                "SELECT 1 FROM saved_views AS gone JOIN saved_views AS there ON there.page = gone.page"
                " AND there.name = gone.name AND there.deleted_at IS NULL WHERE gone.id = ? AND there.id != gone.id",
                (view_id,),
            ).fetchone()
            if taken:
                raise UserError("Another view has this name by now", "", "Delete or save that one under another name")
            db.execute("UPDATE saved_views SET deleted_at = NULL WHERE id = ?", (view_id,))
