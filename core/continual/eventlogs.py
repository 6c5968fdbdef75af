"""A stream from an event log with alert labels: stretches of time as tasks, incidents held out whole."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.continual.config import RecordedSpec
from core.continual.descriptors import event_counts
from core.continual.source import PARTS, Ground, Part, Pool, PoolSource
from core.datasets.logs import LogSet, read_logs
from core.errors import UserError

WINDOW, HOP = 20, 2  # events
BLOCK = 60  # events of a block, about
STATES = 31  # the most frequent templates of the first task's normal running, and «unknown»
LONGEST = 3600.0  # seconds that a state is held at most: a machine that was off held none


def log_ground(spec: RecordedSpec) -> Ground:
    """Tasks are stretches of equal numbers of events. Templates are those known in the first: what comes later and was
    never seen is «unknown», as it would be. UserError where a stretch has no incident for training or probe."""
    data = read_logs(spec.path)
    if data.alert is None:
        raise UserError("The log has no labels to measure on", str(spec.path), "Use one with alerts, such as BGL")
    kinds = sorted({one for one in data.alert if one})
    faults = ("normal", *kinds)
    alert = np.array([faults.index(one) if one else 0 for one in data.alert])
    state = _states(data, alert == 0, len(data) // spec.tasks)
    events = np.stack([state, _held(data.time)], axis=1).astype(np.float32)
    edges = np.linspace(0, len(data), spec.tasks + 1).astype(int)
    sources = []
    for place, (start, stop) in enumerate(pairwise(edges)):
        pools = _pools(events[start:stop], alert[start:stop])
        name = f"stretch {place + 1}"
        sources.append(PoolSource(name, {"log": lambda raw: event_counts(raw, STATES)}, pools))
    notes = (
        *data.notes,
        f"Windows of {WINDOW} events; one that holds an alert is anomalous, of the kind of most of its alerts.",
        "A row of alerts is never cut: it is either trained on or probed.",
        "Templates are those of the first stretch; what was never seen there is «unknown».",
    )
    return Ground(tuple(sources), faults, "bgl", (data.name,) * spec.tasks, notes, STATES)


def cuts(alert: NDArray[np.int64], block: int, clear: int) -> list[int]:
    """Where to cut a log into blocks of about ``block`` events: only where no alert is within ``clear`` events."""
    near = np.convolve(alert > 0, np.ones(2 * clear + 1), "same") > 0
    found, last = [0], 0
    for place in range(len(alert)):
        if place - last >= block and not near[place]:
            found.append(place)
            last = place
    return [*found, len(alert)]


def _pools(events: NDArray[np.float32], alert: NDArray[np.int64]) -> dict[Part, Pool]:
    """Blocks with alerts go to training and probe in turn, the others to training, calibration and probe."""
    found: dict[Part, list[tuple[NDArray[np.float32], NDArray[np.int64]]]] = {part: [] for part in PARTS}
    edges = cuts(alert, BLOCK, WINDOW // 2)
    with_alerts = without = 0
    for start, stop in pairwise(edges):
        if stop - start < WINDOW:
            continue
        part: Part
        if alert[start:stop].any():
            part = "probe" if with_alerts % 2 else "train"
            with_alerts += 1
        else:
            part = PARTS[without % 3]
            without += 1
        starts = np.arange(start, stop - WINDOW + 1, HOP)
        windows = np.stack([events[at : at + WINDOW] for at in starts])
        kinds = np.array([_kind(alert[at : at + WINDOW]) for at in starts])
        found[part].append((windows, kinds))
    pools = {}
    for part, blocks in found.items():
        windows = np.concatenate([one for one, _ in blocks]) if blocks else np.empty((0, WINDOW, 2), np.float32)
        fault = np.concatenate([one for _, one in blocks]) if blocks else np.empty(0, np.int64)
        pools[part] = Pool({"log": windows}, fault)
    return pools


def _kind(alert: NDArray[np.int64]) -> int:
    counted = Counter(alert[alert > 0].tolist())
    return max(counted, key=lambda kind: (counted[kind], -kind)) if counted else 0


def _states(data: LogSet, ordinary: NDArray[np.bool_], first: int) -> NDArray[np.int64]:
    """(n,) state of each event: templates by how frequent they are in the ordinary events of the first stretch."""
    usual = data.template[:first][ordinary[:first]].tolist()
    ranked = [template for template, _ in Counter(usual).most_common(STATES - 1)]
    place = {template: rank for rank, template in enumerate(ranked)}
    return np.array([place.get(int(template), STATES - 1) for template in data.template])


def _held(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) seconds until the next event."""
    until = np.diff(time, append=time[-1])
    return np.asarray(np.clip(until, 1e-3, LONGEST))
