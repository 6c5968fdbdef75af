"""Where jobs run: the little that a dispatcher needs to know of it.

The work itself talks to the job table, never to the engine, so that another engine (a cluster) needs no change in
tasks or pages: it runs ``core.jobs.worker.run_job`` somewhere and answers these questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.jobs.job import Job

MEMORY_HINT = "Choose a smaller image size or fewer images, or close other programs, and start it again"
PERHAPS_MEMORY_HINT = "If memory was short, choose a smaller image size or fewer images; then start it again"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a job that said nothing more has ended, and what a person can do."""

    reason: str
    hint: str | None


class Engine(Protocol):
    """Starts, stops and watches jobs."""

    @property
    def name(self) -> str:
        """Written into the rows of the jobs that this engine runs."""

    def start(self, job: Job) -> None:
        """Begin the work and return at once. UserError or OSError where that cannot be done."""

    def stop(self, job: Job, force: bool) -> None:
        """Tell the work to end, or end it. No error for work that has ended already."""

    def alive(self, job: Job) -> bool:
        """Whether the work still runs, or may still begin."""

    def ending(self, job: Job) -> Ending:
        """Why work that is no longer alive ended without a word."""
