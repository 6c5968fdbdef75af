"""Who may start beside whom: any job where there is a free place, and beside a full house one more that is quick.

A study of two hours would otherwise keep somebody waiting who wants today's parts judged.
"""

from __future__ import annotations

import math
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
    """The running jobs that will end, in this order, before ``job`` may start, if each takes as long as it says; none
    where it may start at once. Those that cannot say are taken to end last, quick ones before others."""
    order = sorted(running, key=lambda one: (math.inf if one.eta_s is None else one.eta_s, one.kind not in QUICK))
    for ended in range(len(order)):
        kinds = startable([one.kind for one in order[ended:]], max_jobs)
        if kinds is None or job.kind in kinds:
            return order[:ended]
    return order
