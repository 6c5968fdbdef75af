"""What a format of recordings is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.datasets.recordings.files import Files
from core.datasets.series import SeriesSet
from core.progress import Progress


@dataclass(frozen=True)
class RecordingFormat:
    """A format in words, how it is recognised, and how it is read.

    ``misfit`` says None where it fits, otherwise why it does not; it looks at names, first lines and array names, not
    at the data. ``read`` takes the files and a name for the set, or None; a file that cannot be read goes to
    ``rejected``, and UserError is raised where nothing can.
    """

    name: str
    title: str
    description: str
    misfit: Callable[[Files], str | None]
    read: Callable[[Files, str | None, Progress], SeriesSet]
