"""The formats of recordings, and which one a folder or file is in."""

from __future__ import annotations

from core.datasets.recordings import ai4i, cmapss, cwru, femto, nab, own, skab, smap, smd, sound, table
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files

# In the order in which they are tried: each looks for what no other has, and any table will do for the last.
_ALL = (
    own.FORMAT, cmapss.FORMAT, smap.FORMAT, smd.FORMAT, skab.FORMAT, nab.FORMAT, ai4i.FORMAT, femto.FORMAT, cwru.FORMAT,
    femto.RAW, sound.FORMAT, table.FORMAT,
)  # fmt: skip
FORMATS: dict[str, RecordingFormat] = {found.name: found for found in _ALL}


def recognise(files: Files) -> RecordingFormat:
    """The first format that fits; a table always does."""
    return next(known for known in _ALL if known is table.FORMAT or known.misfit(files) is None)
