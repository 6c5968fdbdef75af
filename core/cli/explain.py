"""The verb that says why: which sensors a stretch of a recording was judged by, by every method."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.data import opened
from core.cli.output import console_progress, emit, table
from core.datasets.series import SeriesSet
from core.datasets.wording import percent
from core.errors import UserError

SHOWN = 10  # sensors in the table for a person


def explain(options: argparse.Namespace) -> None:
    """Rank the sensors of steps ``--start`` to ``--stop - 1`` of a unit by blame."""
    progress = console_progress()
    with opened(options, progress.part(0.0, 0.1)) as data:
        if not isinstance(data, SeriesSet):
            raise UserError(
                "«explain» names sensors, and this dataset holds images",
                str(options.data),
                "Use «score»: the maps of a run say where an image is anomalous",
            )
        result = _explained(options, data, progress.part(0.1, 1.0))
    emit(result, options.json, _text(result))


def _explained(options: argparse.Namespace, data: SeriesSet, progress: Any) -> dict[str, Any]:
    from core.explain.causes import METHODS, causes
    from core.explain.record import record
    from core.explain.reference import Reference
    from core.store.seriesmodel import load_series_model

    methods = tuple(options.method) or METHODS
    unknown = [one for one in methods if one not in METHODS]
    if unknown:
        raise UserError(f"There is no method «{unknown[0]}»", "--method", f"Choose from {', '.join(METHODS)}")
    model, _ = load_series_model(options.model)
    prepared = model.prepared(data, progress.part(0.0, 0.2))
    unit = prepared.by_name.get(options.unit)
    if unit is None:
        known = ", ".join(list(prepared.by_name)[:8])
        raise UserError(f"There is no recording «{options.unit}»", str(options.data), f"It holds {known}")
    reference = Reference.of(model, prepared, unit.machine)
    stop = len(unit) if options.stop is None else options.stop
    found = causes(
        model,
        unit,
        options.start,
        stop,
        options.mode,
        reference,
        methods=methods,
        seed=options.seed,
        progress=progress.part(0.2, 1.0),
    )
    return record(found, model, unit)


def _text(result: dict[str, Any]) -> str:
    """The sentence, and the shares of the first sensors by every method."""
    methods = {name: one for name, one in result["methods"].items() if not one["refused"]}
    lines = [result["sentence"], result["agreed"]]
    if methods:
        leading = next(iter(methods.values()))["shares"]
        order = sorted(range(len(leading)), key=lambda sensor: -leading[sensor])[:SHOWN]
        lines.append(
            table(
                [
                    {"sensor": result["sensors"][sensor]}
                    | {name: percent(one["shares"][sensor], 1) for name, one in methods.items()}
                    for sensor in order
                ]
            )
        )
    lines += [f"{name}: {one['refused']}" for name, one in result["methods"].items() if one["refused"]]
    return "\n".join(lines)
