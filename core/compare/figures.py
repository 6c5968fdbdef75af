"""One row of figures per contestant, on the images that all of them share; everything here is computed at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.compare.sidebyside import RATE, SideBySide
from core.datasets.wording import percent
from core.metrics.chance import random_scores
from core.metrics.delong import delong
from core.metrics.intervals import Interval, wilson
from core.metrics.ranking import auprc, auroc, confusion, f1_max
from core.store.comparison import Comparison

RANDOM = "random"  # the id and name of the row that guesses


@dataclass(frozen=True)
class Row:
    """A contestant's figures; what the data cannot give is None. ``figures`` by the names of ``TITLES``, ``ci95`` the
    95 % intervals of those that have one: DeLong for the AUROC, Wilson for shares, the bootstrap for the others (where
    the study was made)."""

    model_id: str
    name: str
    detector: str
    figures: dict[str, float | None]
    ci95: dict[str, Interval] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


TITLES = {
    "image_auroc": "Image AUROC",
    "image_auprc": "Image AUPRC",
    "image_f1": "F1 at its limit",
    "image_f1_max": "F1-max (hindsight)",
    "recall": "Recall at its limit",
    "false_alarm_rate": "False alarms",
    "promised_rate": "Promised",
    "pixel_auroc": "Pixel AUROC",
    "aupro": "AUPRO",
    "aupimo": "AUPIMO",
    "fit_seconds": "Fit, s",
    "ms_per_image": "Score, ms per image",
    "peak_rss_mib": "Peak memory, MiB",
    "model_bytes": "Model, bytes",
}
IN_CELLS = {"model_bytes": "Model size"}  # titles where each cell says its unit
LOWER_IS_BETTER = frozenset({"false_alarm_rate", "fit_seconds", "ms_per_image", "peak_rss_mib", "model_bytes"})
NO_BEST = frozenset({"promised_rate"})  # set, not achieved


def image_rows(side: SideBySide, rate: float = RATE) -> list[Row]:
    """A row per contestant, in order. Pixel figures and AUPIMO are None: they come from the study."""
    promised, flagged = side.promised(rate), side.flagged(rate)
    truth = side.anomalous[side.known]
    compared = delong(side.scores[:, side.known], truth)
    rows = []
    for index, one in enumerate(side.contestants):
        scores = side.scores[index, side.known]
        counts = confusion(flagged[index, side.known].astype(float), truth, 0.5)
        best = f1_max(scores, truth)
        shares = {
            "recall": wilson(counts.true_bad, side.n_bad),
            "false_alarm_rate": wilson(counts.false_bad, side.n_good),
        }
        intervals = {name: interval for name, interval in shares.items() if interval}
        if compared:
            intervals["image_auroc"] = compared.interval(index)
        info = one.run.info
        rows.append(
            Row(
                one.id,
                one.name,
                one.detector,
                dict.fromkeys(TITLES)
                | {
                    "image_auroc": auroc(scores, truth),
                    "image_auprc": auprc(scores, truth),
                    "image_f1": counts.f1 if best else None,
                    "image_f1_max": best.f1 if best else None,
                    "recall": counts.recall,
                    "false_alarm_rate": counts.false_alarm_rate,
                    "promised_rate": float(promised[index]),
                    "fit_seconds": info.fit_seconds,
                    "ms_per_image": info.ms_per_image,
                    "peak_rss_mib": info.peak_rss_mib,
                    "model_bytes": None if one.model_bytes is None else float(one.model_bytes),
                },
                intervals,
                _notes(side, index, rate),
            )
        )
    return rows


def random_row(side: SideBySide, rate: float = RATE, seed: int = 0) -> Row:
    """What guessing would get on these images."""
    guess = random_scores(side.n_good, side.n_bad, rate, seed=seed)
    known = {"recall": rate, "false_alarm_rate": rate} if side.has_truth else {}
    return Row(RANDOM, "Guessing", RANDOM, dict.fromkeys(TITLES) | guess | known | {"promised_rate": rate})


def with_study(rows: Sequence[Row], study: Comparison, mode: str | None = None) -> list[Row]:
    """The rows with what only the study knows: figures and intervals that they lack. ``mode`` is that of rows over
    recordings."""
    prefix = f"{mode}." if mode else ""
    found = []
    for row in rows:
        figures, intervals = dict(row.figures), dict(row.ci95)
        for name in figures:
            known = study.figures.get(prefix + name, {}).get(row.model_id)
            if figures[name] is None and known is not None:
                figures[name] = known
            ends = study.ci95.get(prefix + name, {}).get(row.model_id)
            if ends is not None:
                intervals.setdefault(name, ends)
        found.append(replace(row, figures=figures, ci95=intervals))
    return found


def _notes(side: SideBySide, index: int, rate: float) -> tuple[str, ...]:
    one, promised = side.contestants[index], float(side.promised(rate)[index])
    notes = []
    if promised > rate:
        n = one.calibration.n if one.calibration else 0
        notes.append(
            f"{n} held-out good images cannot promise {percent(rate, 2)}; it is held to {percent(promised, 2)}"
        )
    if one.calibration is None and side.floors[index] > rate:
        notes.append(
            f"no image has a p-value of {percent(rate, 2)} or less: nothing is called bad. Give its model to learn "
            "whether it can promise that rate at all"
        )
    return tuple(notes)
