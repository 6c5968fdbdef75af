"""What every verb prints: a table or lines for a person, JSON for a script, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.progress import Progress
from core.store import atomic


def emit(result: Any, to: str | None, text: str) -> None:
    """Print ``text`` for a person; with ``--json FILE`` write ``result`` there instead («-» is stdout)."""
    if to is None:
        print(text)
        return
    document = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"
    if to == "-":
        sys.stdout.write(document)
        return
    atomic.write_bytes(Path(to), document.encode())
    print(text)


def check_target(to: str | None) -> None:
    """UserError where ``emit`` could not write there: told before the work, not after it."""
    if to is None or to == "-":
        return
    if Path(to).is_dir():
        raise UserError("The JSON file would take the place of a folder", to, "Name a file in it")
    if not Path(to).absolute().parent.is_dir():
        raise UserError("The folder for the JSON file does not exist", to, "Make it first, or name another")


def console_progress() -> Progress:
    """Progress with the time left as one line on a terminal's stderr; nothing where stderr is a file or a pipe."""
    if not sys.stderr.isatty():
        return Progress()
    from core.jobs.reporter import TimeLeft

    last, furthest, clock = 0.0, 0.0, TimeLeft(time.monotonic())

    def show(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        nonlocal last, furthest
        now = time.monotonic()
        furthest = max(furthest, fraction)  # work that goes over its images twice does not go back
        clock.seen(now, furthest)
        if now - last > 0.1 or fraction >= 1:
            last = now
            values = " ".join(f"{key} {value:.4g}" for key, value in metrics.items())
            end = "\n" if fraction >= 1 else ""
            left = _left(clock.left(now))
            print(f"\r\033[K{fraction:6.1%}  {left}{stage}  {values}", end=end, file=sys.stderr, flush=True)

    return Progress(show, log=lambda message: print(f"\r\033[K{message}", file=sys.stderr))


def _left(seconds: float | None) -> str:
    """``about 3 min left  ``; nothing while it is not known."""
    if seconds is None:
        return ""
    return f"about {seconds / 60:.0f} min left  " if seconds >= 90 else f"about {seconds:.0f} s left  "


def table(rows: list[dict[str, Any]]) -> str:
    """Rows of equal keys as aligned columns."""
    if not rows:
        return "(none)"
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
