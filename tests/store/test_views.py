"""Saved views: by name and page, replaced, removed and brought back."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.store import Workspace
from core.store.views import MAX_QUERY, ViewStore


def _named(store: ViewStore, page: str = "compare") -> dict[str, str]:
    return {view.name: view.query for view in store.list(page)}


def test_views_belong_to_their_page(workspace: Workspace) -> None:
    store = ViewStore(workspace)
    store.save("compare", " Weekly  look ", "view=Runs")
    store.save("inspect", "Weekly look", "view=Parts")
    assert _named(store) == {"Weekly look": "view=Runs"}
    assert _named(store, "inspect") == {"Weekly look": "view=Parts"}


def test_the_same_name_replaces(workspace: Workspace) -> None:
    store = ViewStore(workspace)
    store.save("compare", "a", "x=1")
    store.save("compare", "a", "x=2")
    assert _named(store) == {"a": "x=2"}


def test_removed_and_brought_back(workspace: Workspace) -> None:
    store = ViewStore(workspace)
    store.save("compare", "a", "x=1")
    (view,) = store.list("compare")
    store.remove(view.id)
    assert _named(store) == {}
    store.restore(view.id)
    assert _named(store) == {"a": "x=1"}
    store.remove(view.id)
    store.save("compare", "a", "x=2")
    with pytest.raises(UserError, match="Another view has this name"):
        store.restore(view.id)
    assert _named(store) == {"a": "x=2"}


def test_what_cannot_be_a_view_is_refused(workspace: Workspace) -> None:
    store = ViewStore(workspace)
    with pytest.raises(UserError, match="name is empty"):
        store.save("compare", " ", "x=1")
    with pytest.raises(UserError, match="too long"):
        store.save("compare", "a", "x" * (MAX_QUERY + 1))
    assert _named(store) == {}
