"""What the README of DynaMAD (github.com/SaeedIqbal/DynaMAD, 2025) reports, not reproduced, and the arithmetic of it.

The published code does not run; its figures stand apart from those that are measured here and never in one ranking.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.continual.types import CRITICAL
from core.datasets.wording import percent

_FILE = Path(__file__).resolve().parents[2] / "assets" / "continual" / "published.csv"


@dataclass(frozen=True)
class PublishedRow:
    """One line of the published tables; CAF1 in percent, DAL in steps, None where a dash stands."""

    dataset: str
    method: str
    caf1: float
    dal: float | None
    me: float | None
    cvar: float


@dataclass(frozen=True)
class Claim:
    """What is claimed beside the tables, and what the tables give."""

    claimed: str
    found: str


@cache
def rows() -> tuple[PublishedRow, ...]:
    """The tables as published."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            PublishedRow(
                line["dataset"],
                line["method"],
                float(line["caf1"]),
                float(line["dal"]) if line["dal"] else None,
                float(line["me"]) if line["me"] else None,
                float(line["cvar"]),
            )
            for line in csv.DictReader(file)
        )


def change(dataset: str, figure: str, baseline: str) -> float:
    """Relative change of DynaMAD against a baseline in the published table. KeyError for a row that is not there."""
    table = {(row.dataset, row.method): row for row in rows()}
    ours, theirs = (getattr(table[dataset, method], figure) for method in ("DynaMAD", baseline))
    if ours is None or theirs is None:
        raise KeyError(f"{figure} of {baseline} on {dataset} is not reported")
    return float(ours / theirs - 1)


def claims() -> tuple[Claim, ...]:
    """The arithmetic that does not add up."""
    table = {(row.dataset, row.method): row for row in rows()}
    mvtec, cwru, smap = "MVTec AD + vibration", "CWRU", "SMAP/MSL"
    points = table[mvtec, "DynaMAD"].caf1 - table[mvtec, "SCMT"].caf1
    recalls = [100 * recall_at_full_precision(table[smap, one].caf1 / 100) for one in ("SCMT", "DynaMAD")]
    missed = [1 - recall_at_full_precision(row.caf1 / 100) for row in rows() if row.method == "DynaMAD"]
    worst = [row.cvar for row in rows() if row.method == "DynaMAD"]
    return (
        Claim(
            "+8.7\u00a0% CAF1 over SCMT on MVTec AD + vibration",
            f"The table gives {points:+.1f} points, {_more(change(mvtec, 'caf1', 'SCMT'))}.",
        ),
        Claim(
            "41\u00a0% faster recovery on CWRU",
            f"The table gives {_more(change(cwru, 'dal', 'SCMT'))} against SCMT and {_more(change(cwru, 'dal', 'ER'))} "
            "against ER.",
        ),
        Claim(
            "38\u00a0% lower CVaR@0.95 than ER on SMAP/MSL",
            f"The table gives {_more(change(smap, 'cvar', 'ER'))}.",
        ),
        Claim(
            "+12.3\u00a0% critical recall on SMAP/MSL",
            "In no table. The published CAF1 leaves normals out, so that precision is 1 and recall follows from it: "
            f"{recalls[0]:.1f} to {recalls[1]:.1f}\u00a0%.",
        ),
        Claim(
            f"CVaR@0.95 of {min(worst):.2f} to {max(worst):.2f}",
            f"With that recall, {percent(min(missed), 0)} to {percent(max(missed), 0)} of the critical anomalies are "
            "missed: the worst "
            f"5\u00a0% among them are all missed, and CVaR would be {CRITICAL:g} or more. Its population is not "
            "stated.",
        ),
        Claim("Mean of 10 runs", "No standard deviation or interval is given for any figure."),
        Claim(
            "DAL of 110 steps and more",
            "The published code sets the onset to step 100 and returns the absolute step, not the steps since onset.",
        ),
        Claim(
            "MVTec AD with vibration, Real-IAD with sensors and logs, DGAD",
            "MVTec AD has no vibration and Real-IAD is images alone; DGAD is not defined.",
        ),
    )


def recall_at_full_precision(f1: float) -> float:
    """Recall that gives an F1 where precision is 1."""
    return f1 / (2 - f1)


def _more(share: float) -> str:
    """``+6.0 %``."""
    return percent(share, 1, signed=True)
