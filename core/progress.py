"""How long work tells what it is doing, and learns that it should stop.

A task never knows who listens: a job row, a terminal or nobody. It calls ``report`` with the units of its own stage;
``part`` maps a stage onto its share of the whole, so that one fraction runs from 0 to 1 and time left can be told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Sink = Callable[[float, str, dict[str, float]], None]


def _ignore(fraction: float, stage: str, metrics: dict[str, float]) -> None:
    """The sink of work that nobody watches."""


class Progress:
    """A share ``[start, stop]`` of some work, reported to a sink.

    ``scratch`` is a folder that outlives a cancelled or crashed attempt at the *same* work (same specification), or
    None where there is none: a long fit keeps its checkpoint there and resumes from it.
    """

    def __init__(
        self,
        sink: Sink = _ignore,
        *,
        log: Callable[[str], None] = lambda message: None,
        checkpoint: Callable[[], None] = lambda: None,
        scratch: Path | None = None,
        span: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self._sink, self._log, self._checkpoint, self._span = sink, log, checkpoint, span
        self.scratch = scratch

    def report(self, done: float, total: float, stage: str, **metrics: float) -> None:
        """``done`` of ``total`` units of ``stage`` are done; ``metrics`` become live curves. May raise Cancelled."""
        self._checkpoint()
        start, stop = self._span
        share = min(max(done / total, 0.0), 1.0) if total > 0 else 1.0
        self._sink(start + (stop - start) * share, stage, metrics)

    def part(self, start: float, stop: float) -> Progress:
        """The progress of a stage that covers ``[start, stop]`` of this one."""
        low, high = self._span
        span = (low + (high - low) * start, low + (high - low) * stop)
        return Progress(self._sink, log=self._log, checkpoint=self._checkpoint, scratch=self.scratch, span=span)

    def apart(self, name: str) -> Progress:
        """The same progress with a scratch folder of its own, for one of several fits that would share one."""
        scratch = self.scratch / name if self.scratch else None
        if scratch:
            scratch.mkdir(exist_ok=True)
        return Progress(self._sink, log=self._log, checkpoint=self._checkpoint, scratch=scratch, span=self._span)

    def log(self, message: str) -> None:
        """A line for the log that a person may read later."""
        self._log(message)

    def checkpoint(self) -> None:
        """Raise ``Cancelled`` if the user asked to stop. Cheap; call it at least once a second."""
        self._checkpoint()
