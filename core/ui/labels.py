"""What things of the workspace are called: names that repeat are told apart, unknown detectors are named, and what a
dataset holds is said in the words of its kind."""

from __future__ import annotations

from collections.abc import Mapping

from core.detectors.registry import REGISTRY
from core.store.datasets import DatasetRow
from core.ui import words

DIGITS = 6  # of an id, at first


def labels(names: Mapping[str, str]) -> dict[str, str]:
    """The names by id, all different: one that repeats gets the first digits of its id.

    Streamlit finds the chosen option by its label, so that of two with one label only the last could be chosen.
    """
    found, digits = dict(names), DIGITS
    longest = max(map(len, names), default=0)
    while len(set(found.values())) < len(found) and digits < longest + DIGITS:
        labels_so_far = list(found.values())
        found = {
            id_: f"{names[id_]} ({id_[:digits]})" if labels_so_far.count(label) > 1 else label
            for id_, label in found.items()
        }
        digits += DIGITS
    return found


def detector(name: str) -> str:
    """A detector's title; the bare name where this Faultline does not know it, as after a return to an older one."""
    entry = REGISTRY.get(name)
    return entry.title if entry else name


def modality(name: str) -> str | None:
    """What a detector judges: ``image`` or ``series``; None where this Faultline does not know it."""
    entry = REGISTRY.get(name)
    return entry.modality if entry else None


def contents(row: DatasetRow) -> str:
    """How much a dataset holds: ``1,344 images``, ``3 recordings · 28,479 steps``."""
    if row.modality == "image":
        return words.count(row.n_items, "image")
    return f"{words.count(row.n_items, 'recording')} · {words.count(row.n_steps, 'step')}"
