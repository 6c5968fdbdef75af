"""Differences to the pinned detector, by whichever figure: the rows of the forest plot."""

from __future__ import annotations

from core.charts.versus import Measured
from core.compare import sentences
from core.compare.pairs import SURE
from core.store.comparison import Compared, StoredComparison
from core.ui.compare import study as studies
from core.ui.compare.told import Told

SHOWN = {  # names in the study, in order of interest; recordings have the mode before it
    "image": ("aupimo", "image_auprc", "recall", "false_alarm_rate"),
    "series": ("vus_pr", "vus_roc", "auc_pr", "auc_roc"),
}


def available(told: Told, study: StoredComparison | None) -> dict[str, list[Measured]]:
    """By what the figure is called: the difference of each other detector, in the order of the chips."""
    found: dict[str, list[Measured]] = {}
    at_once = [
        Measured(pair.first, told.now.names[pair.first], pair.auroc, *pair.auroc_ci95, pair.tests["auroc"].differs)
        for pair in told.against_pinned
        if pair.auroc is not None and pair.auroc_ci95 is not None
    ]
    if at_once:
        found["AUROC"] = at_once
    if study is None:
        return found
    for name in SHOWN[told.now.dataset.modality]:
        rows = [_measured(told, one) for one in studies.against(told, study, figure(told, name))]
        if rows:
            title = sentences.FIGURES[name]
            found[title[0].upper() + title[1:]] = rows
    return found


def figure(told: Told, name: str) -> str:
    """What the study calls a figure."""
    return name if told.over_images else f"{told.now.mode}.{name}"


def best(rows: list[Measured]) -> Measured:
    """The row to talk about: the most surely better one, else the one that differs most."""
    sure = [row for row in rows if row.sure and row.value > 0]
    return max(sure or rows, key=lambda row: row.value if sure else abs(row.value))


def _measured(told: Told, one: Compared) -> Measured:
    place = next(at for at, model in enumerate(told.now.models) if model.id == one.first)
    sure = one.p_holm is not None and one.p_holm < SURE
    low, high = one.ci95 or (None, None)
    return Measured(place, told.now.names[place], one.value, low, high, sure)
