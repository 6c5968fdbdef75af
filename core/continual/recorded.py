"""Streams from recordings. What is held out is a bearing, a labelled event or a block of the log, never a window:
windows of one recording on both sides of a split would leak it."""

from __future__ import annotations

from core.continual.bearings import bearing_ground
from core.continual.config import RecordedSpec
from core.continual.eventlogs import log_ground
from core.continual.source import Ground
from core.continual.telemetry import telemetry_ground
from core.progress import Progress


def recorded_ground(spec: RecordedSpec, seed: int, progress: Progress) -> Ground:
    """What a stream of recordings is made of. UserError where the folder holds none, or too little for a task."""
    if spec.kind == "bgl":
        return log_ground(spec)
    return (bearing_ground if spec.kind == "cwru" else telemetry_ground)(spec, seed, progress)
