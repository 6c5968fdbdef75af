"""What a run has measured so far: kept after every piece, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Measured = dict[str, Any]
PROJECT = Path(__file__).parents[3]


def our_code() -> str:
    """The hash of ``core/`` as committed: our figures are measured again when it changes, those of others are not."""
    done = subprocess.run(["git", "rev-parse", "HEAD:core"], cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


class Results:
    """Pieces by name, in a JSON file that is replaced whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pieces: dict[str, Measured] = json.loads(file.read_text()) if file.exists() else {}

    def measure(self, name: str, settings: object, call: Callable[[], Measured]) -> Measured:
        """The piece ``name``: as it was measured under the same settings, or measured now."""
        kept = self._pieces.get(name)
        if kept is not None and kept["settings"] == settings:
            return kept
        load, began = os.getloadavg()[0], time.time()
        print(f"… {name}", flush=True)
        piece = call() | {"settings": settings, "load_before": load, "began": began, "took": time.time() - began}
        self._pieces[name] = piece
        self._file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._file.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(self._pieces, indent=1))
        scratch.replace(self._file)
        return piece


def spread(values: Sequence[float]) -> str:
    """Median, and the range where there are several."""
    middle = shown(float(np.median(values)))
    return middle if len(values) < 2 else f"{middle} ({shown(min(values))} to {shown(max(values))})"


def shown(value: float) -> str:
    """Three digits that matter."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def row(*cells: str) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def head(*cells: str) -> list[str]:
    """The first two lines of a Markdown table."""
    return [row(*cells), "|" + "---|" * len(cells)]
