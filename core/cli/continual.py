"""``python -m core continual``: a comparison of continual methods from a configuration file."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.output import console_progress, emit, table
from core.errors import UserError

SHOWN = ("caf1", "acc", "fm", "bwt", "cvar", "critical_loss", "dal", "me_perf")


def run(options: argparse.Namespace) -> None:
    """Run it, print the table, write everything as JSON, and keep the records where ``--out`` says."""
    from core.continual import loop
    from core.continual.config import read_config, shipped
    from core.continual.metrics import report
    from core.store.atomic import refuse_occupied
    from core.store.continualrun import write_continual

    if options.config.suffix:
        config = read_config(options.config, options.data)
    else:
        config = shipped(str(options.config), options.data)
    if options.out is not None:
        refuse_occupied(options.out)
    if options.checkpoint is not None and options.checkpoint.is_file():
        raise UserError("A checkpoint is a folder", str(options.checkpoint), "Name a folder, new or of this run")
    records = loop.run(config, console_progress(), options.checkpoint)
    found = report(records, resamples=config.evaluation.bootstrap)
    result: dict[str, Any] = {
        "name": config.name,
        "config": config.model_dump(mode="json"),
        "config_sha256": records.config_hash,
        "severity_sha256": records.severity_hash,
        "stream": records.stream,
        "tasks": list(records.tasks),
        "onsets": list(records.onsets),
        "notes": list(records.notes),
        **found.to_json(),
    }
    if options.out is not None:
        write_continual(options.out, config, records)
    rows = [
        {"method": method} | {name: one["mean"] for name in SHOWN if (one := figures.get(name))}
        for method, figures in result["methods"].items()
    ]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [table([{key: row.get(key) for key in columns} for row in rows])]
    lines += [f"note: {note}" for note in records.notes]
    emit(result, options.json, "\n".join(lines))
