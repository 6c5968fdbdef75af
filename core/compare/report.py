"""A comparison of images as a report: the answer first, then figures, curves and the parts on which they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.charts import overlays
from core.charts.comparereport import Card, ComparisonReport, Drawing
from core.charts.svgplot import Frame, Span, Trace, forest_svg, lines_svg
from core.compare import sentences
from core.compare.costdrawing import expected_costs
from core.compare.curves import costs, curves, histograms, operating_points
from core.compare.disagreements import Disagreement, agreement, disagreements
from core.compare.figures import IN_CELLS, TITLES, Row, image_rows, random_row, with_study
from core.compare.groups import recall_by_class, recall_by_size
from core.compare.pairs import Pair, against, image_pairs
from core.compare.reportparts import (
    agreement_table,
    created,
    differences_table,
    entrants,
    figures_table,
    groups_table,
    spans,
    versions,
)
from core.compare.sidebyside import RATE, SideBySide
from core.compare.tables import DELONG, differences
from core.datasets import images
from core.datasets.types import ImageSet
from core.datasets.wording import percent
from core.errors import UserError
from core.metrics.cost import CostWeights
from core.progress import Progress
from core.store.comparison import StoredComparison

CARDS = 18
BINS = 14  # a few wide ones: p-values of a hundred calibration images are coarse
SIDE = 176  # pixels of a thumbnail's longer side
FIGURE_TITLES = TITLES | {"verdicts": "Verdicts"}


@dataclass(frozen=True)
class Chosen:
    """What the reader is to see: differences to the contestant in row ``pinned``, costs where somebody said them."""

    rate: float = RATE
    pinned: int = 0
    weights: CostWeights | None = None
    defect_rate: float = 0.01


def image_report(
    side: SideBySide,
    data: ImageSet,
    chosen: Chosen,
    study: StoredComparison | None = None,
    progress: Progress = Progress(),
) -> ComparisonReport:
    """The report; without ``study`` it lacks pixel figures, AUPIMO, recall by size and resampled intervals, and says
    so."""
    names, ids, rate = side.names, [one.id for one in side.contestants], chosen.rate
    info = study.info if study else None
    rows, pairs = image_rows(side, rate), image_pairs(side, rate)
    answer = findings(side, rows, pairs, chosen, study)
    rows = [*(with_study(rows, info) if info else rows), random_row(side, rate)]
    found = differences(names, pairs, info, ids)
    tables = [
        figures_table(
            rows,
            TITLES | IN_CELLS,
            "Intervals are 95\u00a0%: DeLong for the AUROC, Wilson for shares, resampled whole images for the others. "
            "Time and memory are those of the run itself, on the machine that made it.",
        ),
        agreement_table(agreement(side, rate), names, f"{len(side)} images"),
    ]
    note = "Share of the defective parts called bad at each detector's own limit, with Wilson's 95\u00a0% interval."
    if side.n_bad:
        tables.append(groups_table("Recall by kind of defect", recall_by_class(side, rate), names, note))
    if study:
        shares = study.items().set_index("item")["mask_share"].reindex(side.items).to_numpy(float)
        if np.isfinite(shares).any():
            groups = recall_by_size(side, shares, rate)
            tables.append(groups_table("Recall by size of defect, share of the picture", groups, names, note))
    tables.append(differences_table(found, FIGURE_TITLES))
    notes = [note for row in rows for note in (f"{row.name}: {text}" for text in row.notes)]
    notes += (
        list(info.notes)
        if info
        else ["Pixel figures, AUPIMO and resampled intervals were not computed for this report"]
    )
    return ComparisonReport(
        title=f"{side.dataset_name}: {len(names)} detectors compared",
        created=created(),
        dataset=side.dataset_name,
        dataset_id=side.dataset_id,
        counted=f"{len(side)} images counted",
        findings=answer,
        protocol=sentences.protocol(side, rate),
        entrants=entrants(side.contestants),
        tables=tables,
        drawings=_drawings(side, chosen, spans(found, ("image_auroc", DELONG), names[chosen.pinned], names)),
        cards=list(_cards(side, data, disagreements(side, rate, top=CARDS), chosen, progress)),
        cards_note="First those on which the verdicts differ, then by how far the p-values lie apart: the share of "
        "good parts expected to score as high, the same axis for all. The colours show each detector's map beyond its "
        "own limit for good parts.",
        left_out=[f"{one.n} images: {one.reason}" for one in side.left_out],
        notes=notes,
        versions=versions(),
    )


def findings(
    side: SideBySide, rows: Sequence[Row], pairs: Sequence[Pair], chosen: Chosen, study: StoredComparison | None
) -> list[str]:
    """Who leads; then the pinned contestant against every other one: by AUROC, by verdicts, and by defect where that
    is known; then who breaks its promise. ``rows`` and ``pairs`` are of the same rate."""
    if not side.has_truth:
        return ["Without labelled good and bad parts nothing tells which detector is right: only where they disagree"]
    names, ids = side.names, [one.id for one in side.contestants]
    name_of, counted = dict(zip(ids, names, strict=True)), f"{side.n_good + side.n_bad} images"
    compared = study.info.differences.get("aupimo", ()) if study else ()
    by_defect = {frozenset((one.first, one.second)): sentences.per_defect(one, name_of) for one in compared}
    found = [sentences.leader(rows, pairs, counted)] if all("image_auroc" in row.ci95 for row in rows) else []
    for pair in against(pairs, chosen.pinned):
        told = [sentences.auroc(pair, names, counted)] if pair.auroc_ci95 else []
        told.append(sentences.verdicts(pair, names))
        defects = by_defect.get(frozenset((ids[pair.first], ids[pair.second])))
        found.append(". ".join([*told, *([defects] if defects else [])]))
    return found + sentences.broken_promises(rows, chosen.rate)


def _drawings(side: SideBySide, chosen: Chosen, forest: Sequence[Span]) -> list[Drawing]:
    rate, pinned, found = chosen.rate, side.names[chosen.pinned], []
    if forest:
        svg = forest_svg(forest, f"AUROC less that of {pinned}", f"Differences of the AUROC to {pinned}")
        found.append(Drawing(f"Image AUROC against {pinned}", svg, "95\u00a0% (DeLong); filled: not by chance (Holm)."))
    roc, pr = curves(side, "roc"), curves(side, "pr")
    if roc and pr:
        points = operating_points(side, rate)
        at = [(one.false_alarm_rate or 0.0, one.recall or 0.0) for one in points]
        traces = [Trace(place, one.x, one.y, at[place]) for place, one in enumerate(roc)]
        frame = Frame("false-alarm rate", "recall", diagonal=True)
        found.append(Drawing("ROC", lines_svg(traces, frame, "ROC curves"), "The sign is each one's own limit."))
        # From full recall down: a step is as high as the point at its right end, as average precision sums it.
        limits = [None if one.precision is None else (one.recall or 0.0, one.precision) for one in points]
        traces = [Trace(place, one.x[::-1], one.y[::-1], limits[place], step=True) for place, one in enumerate(pr)]
        frame = Frame("recall", "precision", level=side.n_bad / (side.n_good + side.n_bad))
        found.append(
            Drawing("Precision and recall", lines_svg(traces, frame, "Precision-recall curves"), "Dashed: guessing.")
        )
    found.append(_histogram(side))
    if chosen.weights:
        found += _costs(side, chosen, chosen.weights)
    return found


def _histogram(side: SideBySide) -> Drawing:
    """Where each contestant puts the bad parts (all parts without labels) on the axis of p-values."""
    bad, traces, top = bool(side.n_bad), [], 0.0
    for place, one in enumerate(histograms(side, BINS)):
        counts = one.bad if bad else one.good + one.bad + one.unlabelled
        share = np.append(counts, 0)[: len(one.edges)] / max(int(counts.sum()), 1)
        top = max(top, float(share.max()))
        traces.append(Trace(place, one.edges, share, step=True))
    frame = Frame("-log10 of the p-value", "share", (0.0, float(one.edges[-1])), (0.0, top or 1.0))
    what = "bad parts" if bad else "parts"
    note = "Further right is more surprising; a detector's axis ends where its calibration images do."
    return Drawing(f"Where the {what} lie", lines_svg(traces, frame, f"Histograms of {what}"), note)


def _costs(side: SideBySide, chosen: Chosen, weights: CostWeights) -> list[Drawing]:
    found = costs(side, weights, chosen.defect_rate, chosen.rate)
    if not found:
        return []
    note = (
        f"A miss costs {weights.miss:g}, a false alarm {weights.false_alarm:g}, {percent(chosen.defect_rate, 2)} of "
        "the parts are defective; 1 is every part judged wrongly."
    )
    return [expected_costs(side.names, found, "false-alarm rate", note)]


def _cards(
    side: SideBySide, data: ImageSet, found: Sequence[Disagreement], chosen: Chosen, progress: Progress
) -> Sequence[Card]:
    cards = []
    for done, one in enumerate(found):
        progress.report(done, len(found), "drawing disagreements")
        words = {"good": "good", "bad": "anomalous", None: "not labelled"}[one.label]
        told = [f"Truth: {words}{f' ({one.defect})' if one.defect else ''}"]
        said = [
            f"{name}\n{'✕ bad' if bad else '✓ good'}, p = {p:.2g}"
            for name, bad, p in zip(side.names, one.bad, one.p_values, strict=True)
        ]
        pictures = _pictures(side, data, one.item, said, chosen.rate)
        told += [text.replace("\n", ": ") for text in said[max(len(pictures) - 1, 0) :]]
        cards.append(Card(one.item, told, pictures))
    return cards


def _pictures(side: SideBySide, data: ImageSet, item: str, said: Sequence[str], rate: float) -> list[tuple[str, bytes]]:
    """The part with the outline of its defect, then each contestant's map over it with what it ``said``; the part alone
    where a model is not at hand, for its colours are unknown; nothing where the file is gone."""
    about = data.by_name[item]
    scale = SIDE / max(about.width, about.height, SIDE)
    size = (max(1, round(about.width * scale)), max(1, round(about.height * scale)))
    try:
        picture = images.load_rgb(about.path, size)
        mask = images.load_mask(about.mask, size) if about.mask else None
    except UserError:
        return []
    found = [("the part", overlays.outlines(picture, mask) if mask is not None else picture)]
    calibrations = [one.calibration for one in side.contestants if one.calibration is not None]
    if len(calibrations) == len(side.contestants):
        for one, own, text in zip(side.contestants, calibrations, said, strict=True):
            median, limit = own.colours(rate, about.category)
            found.append((text, overlays.overlay(picture, one.run.map(item), median=median, limit=limit)))
    return [(name, overlays.encode_jpeg(drawn)) for name, drawn in found]
