"""Files one after the other: units of those that can be read, reasons for the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from core.datasets.recordings.files import Files, nothing, rejection
from core.datasets.series import SeriesUnit
from core.datasets.types import Rejected
from core.errors import UserError
from core.progress import Progress


def gathered(
    files: Files,
    paths: Sequence[PurePosixPath],
    units_of: Callable[[PurePosixPath], list[SeriesUnit]],
    progress: Progress,
    stage: str,
) -> tuple[list[SeriesUnit], list[Rejected]]:
    """What ``units_of`` makes of each of ``paths``; those for which it raises UserError are rejected with its reason.
    UserError where nothing is left."""
    units: list[SeriesUnit] = []
    rejected: list[Rejected] = []
    for done, path in enumerate(paths, start=1):
        try:
            units += units_of(path)
        except UserError as error:
            rejected.append(rejection(path, error))
        progress.report(done, len(paths), stage)
    if not units:
        raise nothing(files, rejected)
    return units, rejected
