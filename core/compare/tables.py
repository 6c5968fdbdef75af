"""The figures of a comparison as rows of numbers: for CSV files, JSON, and the tables of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.charts.csvtable import to_csv
from core.compare.disagreements import Agreement
from core.compare.figures import Row
from core.compare.pairs import Pair
from core.store.comparison import Comparison

DIFFERENCE_COLUMNS = (
    *("figure", "test", "first", "second", "difference", "ci95_low", "ci95_high", "p", "p_holm", "n"),
    *("first_ahead", "alike", "second_ahead"),
)
RESAMPLED, DELONG, MCNEMAR, WILCOXON = "paired bootstrap", "DeLong", "McNemar exact", "Wilcoxon signed-rank"


@dataclass(frozen=True)
class Difference:
    """One figure of two contestants, first less second, in the columns of ``DIFFERENCE_COLUMNS``."""

    figure: str
    test: str
    first: str
    second: str
    difference: float | None
    ci95: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    n: int | None = None
    first_ahead: int | None = None
    alike: int | None = None
    second_ahead: int | None = None

    def cells(self) -> tuple[Any, ...]:
        low, high = self.ci95 or (None, None)
        return (
            *(self.figure, self.test, self.first, self.second, self.difference, low, high, self.p, self.p_holm, self.n),
            *(self.first_ahead, self.alike, self.second_ahead),
        )


def differences(
    names: Sequence[str], pairs: Sequence[Pair], study: Comparison | None, ids: Sequence[str]
) -> list[Difference]:
    """Every tested difference of every pair: those at once, then those of the study where there is one."""
    found = []
    for pair in pairs:
        first, second = names[pair.first], names[pair.second]
        for name, test in pair.tests.items():
            if name == "auroc":
                found.append(
                    Difference("image_auroc", DELONG, first, second, pair.auroc, pair.auroc_ci95, test.p, test.p_holm)
                )
                continue
            ours, theirs = sum(pair.only_first.values()), sum(pair.only_second.values())
            counts = {"first_ahead": ours, "second_ahead": theirs, "n": ours + theirs}
            found.append(Difference(name, MCNEMAR, first, second, None, None, test.p, test.p_holm, **counts))
    name_of = dict(zip(ids, names, strict=True))
    for figure, compared in (study.differences if study else {}).items():
        found += [
            Difference(
                figure,
                RESAMPLED if one.wins is None else WILCOXON,
                name_of[one.first],
                name_of[one.second],
                one.value,
                one.ci95,
                one.p,
                one.p_holm,
                one.n,
                one.wins,
                one.ties,
                one.losses,
            )
            for one in compared
        ]
    return found


def figures_csv(rows: Sequence[Row], titles: Mapping[str, str]) -> bytes:
    """A row per contestant: every figure, and the ends of its interval where any contestant has one."""
    known = {name for row in rows for name in row.ci95}
    columns = ["model", "model_id", "detector"]
    for name in titles:
        columns += [name, f"{name}_ci95_low", f"{name}_ci95_high"] if name in known else [name]
    cells = []
    for row in rows:
        line: list[object] = [row.name, row.model_id, row.detector]
        for name in titles:
            line += [row.figures[name], *(row.ci95.get(name) or (None, None))] if name in known else [row.figures[name]]
        cells.append(line)
    return to_csv(columns, cells)


def differences_csv(found: Sequence[Difference]) -> bytes:
    return to_csv(DIFFERENCE_COLUMNS, (one.cells() for one in found))


def as_json(
    rows: Sequence[Row], found: Sequence[Difference], agreement: Agreement, names: Sequence[str]
) -> dict[str, Any]:
    """The part of ``compare --json`` that images and recordings share; a matrix's cell that is not defined is None."""
    return {
        "models": [
            {
                "name": row.name,
                "model_id": row.model_id,
                "detector": row.detector,
                **row.figures,
                "ci95": {name: list(ends) for name, ends in row.ci95.items()},
                "notes": list(row.notes),
            }
            for row in rows
        ],
        "differences": [dict(zip(DIFFERENCE_COLUMNS, one.cells(), strict=True)) for one in found],
        "agreement": {
            "models": list(names),
            **{
                name: [[None if cell != cell else float(cell) for cell in line] for line in getattr(agreement, name)]
                for name in ("kappa", "spearman", "same")
            },
        },
    }
