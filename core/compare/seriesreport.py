"""A comparison of recordings as a report: the answer first, then figures and the moments of disagreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.charts.comparereport import Card, ComparisonReport, Drawing, Table
from core.charts.svgplot import Frame, Trace, forest_svg, lines_svg
from core.compare import sentences
from core.compare.figures import IN_CELLS, with_study
from core.compare.pairs import against
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
from core.compare.seriesbyside import SeriesSideBySide
from core.compare.seriescurves import limit_curves
from core.compare.seriesdrawings import cost_drawing, series_drawings
from core.compare.seriesfigures import (
    TITLES,
    Moment,
    baseline_rows,
    moments,
    series_agreement,
    series_pairs,
    series_rows,
)
from core.compare.seriesgroups import event_kinds, recall_by_kind, recall_by_length, recall_by_machine
from core.compare.tables import RESAMPLED, differences
from core.datasets.series import SeriesSet
from core.datasets.wording import percent
from core.detectors.series.calibration import RATE, Mode
from core.metrics.cost import CostWeights
from core.metrics.series.stretches import stretches
from core.store.comparison import StoredComparison

CARDS = 12
AROUND = 60  # steps drawn on either side of a moment, at least
POINTS = 400  # of a drawn line


@dataclass(frozen=True)
class Chosen:
    """What the reader is to see: differences to the contestant in row ``pinned`` in one mode, costs where somebody said
    them; ``anomalies`` in 10,000 steps, None for as many as are counted."""

    rate: float = RATE
    pinned: int = 0
    mode: Mode = "settled"
    weights: CostWeights | None = None
    anomalies: float | None = None


def series_report(
    side: SeriesSideBySide, data: SeriesSet, chosen: Chosen, study: StoredComparison | None = None
) -> ComparisonReport:
    """The report; without ``study`` it lacks resampled differences, curves and costs, and says so."""
    rate, pinned, mode = chosen.rate, chosen.pinned, chosen.mode
    names, ids = side.names, [one.id for one in side.contestants]
    info = study.info if study else None
    rows, pairs = series_rows(side, mode, rate), series_pairs(side, mode, rate)
    found = differences(names, pairs, info, ids)
    titles = TITLES | {f"{one}.{name}": f"{title} ({one})" for one in side.surprise for name, title in TITLES.items()}
    forest = spans(found, (f"{mode}.vus_pr", RESAMPLED), names[pinned], names)
    drawings = []
    if forest:
        svg = forest_svg(forest, f"VUS-PR less that of {names[pinned]}", f"Differences of VUS-PR to {names[pinned]}")
        told = "95\u00a0%, from the same resampled blocks of steps for all; filled: not by chance (Holm)."
        drawings.append(Drawing(f"VUS-PR against {names[pinned]}", svg, told))
    if study:
        curves = limit_curves(study.limits(), mode, ids)
        drawings += series_drawings(curves, rate)
        if chosen.weights:
            drawings += cost_drawing(side, curves, chosen.weights, chosen.anomalies, rate)
    note = "Intervals are 95\u00a0%: Wilson for events, resampled blocks of steps for ranking figures."
    notes = [f"{row.name}: {text}" for row in rows for text in row.notes]
    notes += list(info.notes) if info else ["Resampled differences, curves and costs were not computed for this report"]
    shown = moments(side, mode, rate, top=CARDS)
    return ComparisonReport(
        title=f"{side.dataset_name}: {len(names)} detectors compared",
        created=created(),
        dataset=side.dataset_name,
        dataset_id=side.dataset_id,
        counted=f"{len(side.units)} recordings, {len(side):,} steps counted",
        findings=_findings(side, pinned, mode, rate, study),
        protocol=sentences.series_protocol(side, rate),
        entrants=entrants(side.contestants),
        tables=[
            figures_table(
                [*(with_study(rows, info, mode) if info else rows), *baseline_rows(side, rate)], TITLES | IN_CELLS, note
            ),
            *_groups(side, data, chosen),
            differences_table(found, titles | {"events": "Events found"}),
            agreement_table(series_agreement(side, mode, rate), names, f"{len(side):,} steps"),
        ],
        drawings=drawings,
        cards=[_card(side, one, mode, rate) for one in shown],
        cards_note="Stretches in which some alarm and others do not, by how far the surprises (-log10 p) lie apart. "
        "Dashed: the limit; shaded: labelled as anomalous.",
        left_out=[f"{one.n} recordings: {one.reason}" for one in side.left_out],
        notes=notes,
        versions=versions(),
    )


def _groups(side: SeriesSideBySide, data: SeriesSet, chosen: Chosen) -> list[Table]:
    if not side.events:
        return []
    note = "Share of the events with an alarm in them at each detector's own limit, with Wilson's 95\u00a0% interval."
    mode, rate = chosen.mode, chosen.rate
    groups = {
        "Recall by kind of event": recall_by_kind(side, event_kinds(side, data), mode, rate),
        "Recall by length of event": recall_by_length(side, mode, rate),
        "Recall by machine": recall_by_machine(side, mode, rate),
    }
    return [groups_table(title, own, side.names, note, "Events") for title, own in groups.items() if own]


def _findings(
    side: SeriesSideBySide, pinned: int, mode: Mode, rate: float, study: StoredComparison | None
) -> list[str]:
    if not side.has_truth:
        return ["Without labelled anomalies nothing tells which detector is right: only where they disagree"]
    names, ids = side.names, [one.id for one in side.contestants]
    name_of, found = dict(zip(ids, names, strict=True)), []
    if study:
        figure, counted = f"{mode}.vus_pr", f"{int(side.known.sum()):,} labelled steps"
        compared = study.info.differences.get(figure, ())
        found += [
            sentences.difference(one, figure, name_of, counted)
            for one in compared
            if ids[pinned] in (one.first, one.second)
        ]
    found += [sentences.verdicts(pair, names) for pair in against(series_pairs(side, mode, rate), pinned)]
    return found + sentences.broken_promises(series_rows(side, mode, rate), rate)


def _card(side: SeriesSideBySide, one: Moment, mode: Mode, rate: float) -> Card:
    """The moment and what lies around it."""
    unit = next(unit for unit in side.units if unit.name == one.unit)
    around = max(AROUND, one.stop - one.start)
    start, stop = max(0, one.start - around), min(unit.stop - unit.start, one.stop + around)
    rows = slice(unit.start + start, unit.start + stop)
    surprise, steps = side.surprise[mode][:, rows], np.arange(start, stop)
    limit = -math.log10(rate)
    top = 1.05 * max(float(surprise.max()), limit)
    shaded = [(start + int(a), start + int(b)) for a, b in stretches(side.anomalous[rows])]
    frame = Frame("step", "surprise", (start, stop), (0.0, top), level=limit, shaded=shaded)
    traces = [Trace(place, *_thinned(steps, own)) for place, own in enumerate(surprise)]
    truth = "not labelled" if one.anomalous is None else f"{percent(one.anomalous, 0)} of it labelled anomalous"
    told = [f"Steps {one.start:,} to {one.stop - 1:,}: {truth}"]
    told += [
        f"{name}: {'✕ alarm' if alarmed else '✓ quiet'}, surprise {value:.2f} at step {one.peak:,}"
        for name, alarmed, value in zip(side.names, one.alarmed, one.surprise, strict=True)
    ]
    return Card(one.unit, told, svg=lines_svg(traces, frame, f"Surprise around step {one.peak}"))


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[Sequence[int], Sequence[float]]:
    """At most ``POINTS`` points that keep every peak: the highest of each stretch."""
    size = -(-len(values) // POINTS)
    starts = np.arange(0, len(values), size)
    at = [int(start + np.argmax(values[start : start + size])) for start in starts]
    return steps[at].tolist(), values[at].tolist()
