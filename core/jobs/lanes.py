"""Who may start beside whom: any job where there is a free place, and beside a full house one more that is quick.

A study of two hours would otherwise keep somebody waiting who wants today's parts judged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.jobs.job import Job
from core.jobs.tasks import TASKS

QUICK = frozenset(name for name, task in TASKS.items() if task.quick)


def startable(running: Collection[str], max_jobs: int) -> frozenset[str] | None:
    """The kinds of which a job may start while jobs of the kinds ``running`` do: None for any, empty for none."""
    if len(running) < max_jobs:
        return None
    lane_is_free = len(running) == max_jobs and not QUICK.intersection(running)
    return QUICK if lane_is_free else frozenset()


def held_up_by(job: Job, running: Sequence[Job], max_jobs: int) -> list[Job]:
    """Those of the running jobs of which one has to end before ``job`` may start, the one that will end first in front;
    none where it may start at once."""
    kinds = startable([one.kind for one in running], max_jobs)
    if kinds is None or job.kind in kinds:
        return []
    quick = [one for one in running if one.kind in QUICK]
    return sorted(
        quick if job.kind in QUICK else running, key=lambda one: float("inf") if one.eta_s is None else one.eta_s
    )
