"""Mappings come back as they were said, the last one counts, and one from elsewhere is no mapping."""

from __future__ import annotations

from core.datasets.mapping import TableMapping
from core.store.mappings import MappingStore
from core.store.workspace import Workspace

SAID = TableMapping(separator=";", decimal=",", time="t", zone="Europe/Berlin", unit="pump", sensors=("a", "b"))


def test_what_was_said_is_remembered(workspace: Workspace) -> None:
    store = MappingStore(workspace)
    assert store.get("header") is None
    store.remember("header", SAID)
    assert store.get("header") == SAID
    assert store.get("another header") is None


def test_the_last_one_counts(workspace: Workspace) -> None:
    store = MappingStore(workspace)
    later = SAID.model_copy(update={"label": "fault"})
    store.remember("header", SAID)
    store.remember("header", later)
    assert store.get("header") == later


def test_it_can_be_forgotten(workspace: Workspace) -> None:
    store = MappingStore(workspace)
    store.remember("header", SAID)
    store.forget("header")
    store.forget("header")
    assert store.get("header") is None


def test_words_of_another_version_are_no_mapping(workspace: Workspace) -> None:
    with workspace.transaction() as db:
        db.execute("INSERT INTO mappings (signature, mapping, said_at) VALUES ('header', '{\"old\": 1}', 0)")
    assert MappingStore(workspace).get("header") is None
