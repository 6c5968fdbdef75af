"""What reports of images and of recordings have in common: tables as text, facts about models, versions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.charts.comparereport import Entrant, Table
from core.charts.svgplot import Span
from core.compare.contestants import Contestant
from core.compare.disagreements import Agreement
from core.compare.figures import Row
from core.compare.groups import GroupRecall
from core.compare.pairs import SURE
from core.compare.tables import Difference
from core.datasets.wording import percent
from core.store.manifest import library_versions

NONE = "–"


def created() -> str:
    """Now, for people."""
    return f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC"


def entrants(contestants: Sequence[Contestant[Any]]) -> list[Entrant]:
    """Each contestant with what it was trained on and calibrated with, as far as the model is at hand."""
    found = []
    for one in contestants:
        facts: list[tuple[str, str]] = []
        if one.manifest is not None:
            trained, calibration = one.manifest.dataset, one.manifest.calibration
            settings = ", ".join(f"{key} = {value}" for key, value in one.manifest.params.items())
            backbone = one.manifest.provenance.get("backbone")
            facts += [
                ("Trained on", f"{trained.name} ({trained.fit + trained.calibration} normal, {trained.id[:16]})"),
                ("Calibration", f"{calibration.n}, {calibration.scheme}"),
                ("Seed", str(one.manifest.seed)),
                *([("Backbone", str(backbone))] if backbone else []),
                ("Settings", settings or "none"),
                ("Versions", ", ".join(f"{name} {version}" for name, version in one.manifest.versions.items())),
            ]
        else:
            facts.append(("Model", "not at hand: its settings and size are not known"))
        facts.append(("Run", one.run_id))
        found.append(Entrant(one.name, one.detector, one.id, facts))
    return found


def figures_table(rows: Sequence[Row], titles: Mapping[str, str], note: str) -> Table:
    """A row per figure, a column per contestant: names of figures are long, contestants are few."""
    lines = []
    for name, title in titles.items():
        if any(row.figures.get(name) is not None for row in rows):
            lines.append([title, *(cell(row, name) for row in rows)])
    return Table("Figures", ["", *(row.name for row in rows)], lines, note)


def cell(row: Row, name: str) -> str:
    """A figure with its interval, as text."""
    value = row.figures.get(name)
    if value is None:
        return NONE
    if name == "model_bytes":
        return f"{value / 1e6:.1f} MB"
    if name in ("peak_rss_mib", "fit_seconds", "ms_per_image", "us_per_step", "delay_median"):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    if name == "promised_rate":
        return percent(value, 2)
    digits = 4 if name == "far" else 3
    low, high = row.ci95.get(name) or (None, None)
    return f"{value:.{digits}f}" + ("" if low is None else f"\n{low:.{digits}f} to {high:.{digits}f}")


def differences_table(found: Sequence[Difference], titles: Mapping[str, str]) -> Table:
    rows = [
        [
            f"{one.first} less {one.second}",
            titles.get(one.figure, one.figure),
            NONE if one.difference is None else f"{one.difference:+.4f}",
            NONE if one.ci95 is None else f"{one.ci95[0]:+.4f} to {one.ci95[1]:+.4f}",
            _ahead(one),
            NONE if one.p is None else f"{one.p:.2g}",
            NONE if one.p_holm is None else f"{one.p_holm:.2g}{' ✓' if one.p_holm < SURE else ''}",
            one.test,
        ]
        for one in found
    ]
    columns = ["Pair", "Figure", "Difference", "95 % interval", "Ahead : alike : behind", "p", "p (Holm)", "Test"]
    return Table(
        "Every pair",
        columns,
        rows,
        "A ✓ marks a difference that chance hardly explains, corrected over all pairs by the same test. Verdicts and "
        "events count what only one of the two got right. The bootstrap's p-value takes the spread of the resamples as "
        "that of a normal distribution.",
    )


def agreement_table(found: Agreement, names: Sequence[str], what: str) -> Table:
    rows = [
        [
            name,
            *(
                NONE if i == j else f"{_two(found.kappa[i][j])} / {_two(found.spearman[i][j])}"
                for j in range(len(names))
            ),
        ]
        for i, name in enumerate(names)
    ]
    return Table(
        "Agreement",
        ["kappa / rank correlation", *names],
        rows,
        f"Cohen's kappa of the verdicts and Spearman's correlation of the scores over {what}; 1 is full agreement, 0 "
        "what chance would give. The truth plays no part.",
    )


def groups_table(
    title: str, groups: Sequence[GroupRecall], names: Sequence[str], note: str, what: str = "Defects"
) -> Table:
    rows = [
        [
            f"{group.name} ({group.n})",
            *(
                f"{percent(recall, 0)}\n{percent(low, 0)} to {percent(high, 0)}"
                for recall, (low, high) in zip(group.recall, group.ci95, strict=True)
            ),
        ]
        for group in groups
    ]
    return Table(title, [what, *names], rows, note)


def spans(found: Sequence[Difference], what: tuple[str, str], pinned: str, names: Sequence[str]) -> list[Span]:
    """Differences of one figure by one test against the pinned contestant, as «other less pinned»."""
    drawn = []
    for one in found:
        if (one.figure, one.test) != what or pinned not in (one.first, one.second):
            continue
        if one.difference is None or one.ci95 is None:
            continue
        turned = one.first == pinned
        name, sign = (one.second, -1) if turned else (one.first, 1)
        low, high = (-one.ci95[1], -one.ci95[0]) if turned else one.ci95
        sure = one.p_holm is not None and one.p_holm < SURE
        drawn.append(Span(names.index(name), name, sign * one.difference, low, high, sure))
    return sorted(drawn, key=lambda one: one.place)


def versions() -> dict[str, str]:
    """Of what computed the comparison."""
    return {"Faultline": "", **library_versions()}


def _ahead(one: Difference) -> str:
    if one.first_ahead is None:
        return NONE
    alike = "" if one.alike is None else f"{one.alike} : "
    return f"{one.first_ahead} : {alike}{one.second_ahead}"


def _two(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.2f}"
