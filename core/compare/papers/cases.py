"""From a folder or a dataset to the categories of a benchmark: what is there, what is not, what is cut down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.compare.papers.tables import Table
from core.datasets.dataset import Dataset
from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.types import ImageSet
from core.datasets.wording import count
from core.errors import UserError

FEW_NAMES = 6  # of missing categories that a sentence lists


@dataclass(frozen=True)
class Case:
    """One category. ``reduced`` says in what its data differ from the published ones, None where they do not."""

    category: str
    data: Dataset
    reduced: str | None


@dataclass(frozen=True)
class Layout:
    """What a dataset holds of a benchmark, in the benchmark's order; ``notes`` are the reader's."""

    cases: tuple[Case, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def first(self, limit: int | None) -> Layout:
        """The same with no more than ``limit`` categories to measure."""
        return replace(self, cases=self.cases[:limit])


def require(table: Table, data: Dataset) -> None:
    """UserError where the data are of the other kind."""
    if data.modality != table.modality:
        kinds = {"image": "photographs", "series": "recordings"}
        raise UserError(
            f"{table.title} holds {kinds[table.modality]}, and here there are {kinds[data.modality]}",
            str(data.root),
            f"Name the folder of {table.title}: {table.layout}",
        )


def layout(table: Table, data: Dataset) -> Layout:
    """The categories that the data hold, found by name. UserError where there is none that can be measured, or the data
    are of the other kind."""
    require(table, data)
    groups = _images(table, data) if isinstance(data, ImageSet) else _series(table, data)
    unfit = {category: why for category, one in groups.items() if (why := _unfit(one) or _other(table, category, one))}
    cases = tuple(
        Case(category, groups[category], _reduced(table, category, groups[category]))
        for category in table.categories
        if category in groups and category not in unfit
    )
    missing = tuple(category for category in table.categories if category not in groups)
    if not cases:
        found = next((f"{category} cannot be measured, for {why}" for category, why in unfit.items()), "")
        none = f"None of the {len(table.categories)} categories of {table.title} is here"
        raise UserError(
            none + (f": {found}" if found else ""),
            str(data.root),
            f"It is laid out as {table.layout}; the data can be had from: {table.data}. "
            f"Expected: {_listed(table.categories)}",
        )  # fmt: skip
    left_out = tuple(f"{category} is left out: {why}." for category, why in unfit.items())
    return Layout(cases, missing, (*left_out, *data.notes))


def canonical(name: str, known: Sequence[str]) -> str | None:
    """The known category that a folder's or machine's name means: the same words, or the longest whose words stand in
    it one after the other. None where none does, or two do equally."""
    words = _words(name)
    joined = "".join(words)
    same = [one for one in known if "".join(_words(one)) == joined]
    if same:
        return same[0]
    inside = [one for one in known if _within(_words(one), words)]
    longest = max((len(_words(one)) for one in inside), default=0)
    best = [one for one in inside if len(_words(one)) == longest]
    return best[0] if len(best) == 1 else None


def _images(table: Table, data: ImageSet) -> dict[str, Dataset]:
    named = {category: canonical(category, table.categories) for category in data.categories}
    return {
        category: replace(data.where(lambda item, c=category: named[item.category] == c), name=category)  # type: ignore[misc]
        for category in dict.fromkeys(one for one in named.values() if one)
    }


def _series(table: Table, data: SeriesSet) -> dict[str, Dataset]:
    if table.grouping == "fault":
        return _by_fault(table, data)
    named = {machine: canonical(machine, table.categories) for machine in data.machines}
    found: dict[str, list[SeriesUnit]] = {}
    for unit in data.units:
        if category := named[unit.machine]:
            found.setdefault(category, []).append(unit)
    return {category: data.of(units) for category, units in found.items()}


def _by_fault(table: Table, data: SeriesSet) -> dict[str, Dataset]:
    """Each kind of fault with all healthy recordings beside it."""
    healthy = [unit for unit in data.units if unit.split == "train" or unit.events == ()]
    found: dict[str, Dataset] = {}
    for category in table.categories:
        faulty = [
            unit for unit in data.units if any((event.kind or "").startswith(category) for event in unit.events or ())
        ]
        if faulty:
            found[category] = data.of([*healthy, *faulty])
    return found


def _unfit(data: Dataset) -> str | None:
    """Why a category cannot be measured at all."""
    if isinstance(data, ImageSet):
        if not data.normals().items:
            return "there are no good training images"
        labels = {item.label for item in data.test().items} & {"good", "bad"}
        return None if len(labels) == 2 else "the test images are not of both kinds, good and bad"
    if not any(unit.split == "train" for unit in data.units):
        return "there is no recording to learn from"
    told = [unit for unit in data.test().units if unit.events is not None or unit.failed]
    return None if told else "there is no labelled recording to judge"


def _other(table: Table, category: str, data: Dataset) -> str | None:
    """Why data that bear a category's name are not its data: there are more of them than were ever published."""
    sizes = _sizes(table, category, data)
    if sizes is None or all(here <= published for here, published in sizes):
        return None
    (train, of_train), (test, of_test) = sizes
    return (
        f"it has {count(train, 'training image')} and {count(test, 'test image')}, where {table.title} has {of_train} "
        f"and {of_test}, so it is another data set"
    )


def _sizes(table: Table, category: str, data: Dataset) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """(here, published) of training and of test images; None where nothing was published about them."""
    if category not in table.sizes or not isinstance(data, ImageSet):
        return None
    train, test = table.sizes[category]
    return (len(data.normals()), train), (len(data.test()), test)


def _reduced(table: Table, category: str, data: Dataset) -> str | None:
    """Whether there are as many images as were published."""
    sizes = _sizes(table, category, data)
    if sizes is None or all(here == published for here, published in sizes):
        return None
    (here_train, train), (here_test, test) = sizes
    return f"{here_train} of {count(train, 'training image')} and {here_test} of {count(test, 'test image')}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:FEW_NAMES])
    return shown if len(names) <= FEW_NAMES else f"{shown} and {len(names) - FEW_NAMES} more"


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.casefold())


def _within(few: Sequence[str], many: Sequence[str]) -> bool:
    return any(list(many[i : i + len(few)]) == list(few) for i in range(len(many) - len(few) + 1))
