"""The workbench's own layout among the formats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.datasets.recordings import faultline
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files
from core.datasets.series import SeriesSet
from core.progress import Progress


def misfit(files: Files) -> str | None:
    return None if faultline.recognise(_home(files)) else f"there is no {faultline.DESCRIPTION}"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    data = faultline.read(_home(files), progress)
    return replace(data, name=name or data.name)


def _home(files: Files) -> Path:
    """The folder of the first recording: archives often wrap everything in one more folder."""
    return files.root if files.single or not files.paths else files.root / files.paths[0].parent


FORMAT = RecordingFormat(
    faultline.FORMAT, "Faultline recordings", f"{faultline.DESCRIPTION} beside unit-0000.csv", misfit, read
)
