"""A candidate against the champion on data that neither learned from, and the rule that decides between them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import chi2

from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.synthetic.machines.faults import inject
from core.datasets.wording import percent
from core.detectors.series.model import SeriesModel
from core.metrics.evt import decluster
from core.metrics.series.alarms import delays
from core.progress import Progress

PROMISE = 2.0  # false alarms may be so many times as frequent as promised
LOST = 0.1  # share of the faults that a candidate may miss beyond the champion
BETTER = 0.1  # share of the faults that it has to find beyond the champion, where its false alarms are no fewer
SIZES_SD = (3.0, 5.0)  # of the injected faults, in turn
LENGTH = 60  # steps of an injected fault
FAULTS = 60  # in each holdout, in as many copies of its recordings as it takes, ``COPIES`` at most
COPIES = 6


@dataclass(frozen=True)
class Holdouts:
    """Frozen data of a trial, raw: ``old`` and ``recent`` normal stretches, ``labelled`` recordings with events. The
    same data gives the same ``digest``."""

    old: SeriesSet
    recent: SeriesSet
    labelled: SeriesSet

    @property
    def digest(self) -> str:
        parts = (unit.sha256 for data in (self.old, self.recent, self.labelled) for unit in data.units)
        return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Quiet:
    """False alarms in ``steps`` normal steps: their share, and how many separate alarms they make. ``least``: the lower
    end of the share's 95 % interval, from the number of alarms as a Poisson count."""

    steps: int
    rate: float
    alarms: int
    least: float


@dataclass(frozen=True)
class Searched:
    """How many of so many faults had an alarm while they lasted."""

    faults: int
    found: int

    @property
    def share(self) -> float | None:
        return self.found / self.faults if self.faults else None


@dataclass(frozen=True)
class Figures:
    """What a model did in a trial. Faults are injected into the normal stretches of ``old`` and ``recent``."""

    quiet_old: Quiet
    quiet_recent: Quiet
    faults_old: Searched
    faults_recent: Searched
    labelled: Searched

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Decision:
    """Whether the candidate becomes champion, and a sentence for each thing that was looked at."""

    promote: bool
    reasons: tuple[str, ...]


def measure(model: SeriesModel, holdouts: Holdouts, rate: float, seed: int, progress: Progress = Progress()) -> Figures:
    """What ``model`` does on the holdouts, judging at once, at its own threshold for a false-alarm rate ``rate``."""
    sets = (
        holdouts.old,
        holdouts.recent,
        spoilt(model, holdouts.old, seed),
        spoilt(model, holdouts.recent, seed + 1),
        holdouts.labelled,
    )
    parts = [progress.part(k / len(sets), (k + 1) / len(sets)) for k in range(len(sets))]
    return Figures(
        _quiet(model, sets[0], rate, parts[0]),
        _quiet(model, sets[1], rate, parts[1]),
        *(_searched(model, data, rate, part) for data, part in zip(sets[2:], parts[2:], strict=True)),
    )


def judge(champion: Figures, candidate: Figures, rate: float, *, old_counts: bool = True) -> Decision:
    """The rule. The candidate has to

    - keep the promised rate on recent normal running, and on old where ``old_counts``: it is broken where the share of
      false alarms is certainly (``Quiet.least``) above ``PROMISE`` times the rate;
    - find as many injected faults, in recent running and (where it counts) in old, as the champion found at home, in
      old running, and as many labelled ones as the champion, less ``LOST``;
    - be worth it: fewer false alarms on recent running than the champion, which has to break the promise there, or
      ``BETTER`` more of the faults in it found without more false alarms than promised.
    """
    checks = [_keeps("recent", candidate.quiet_recent, rate)]
    if old_counts:
        checks.append(_keeps("old", candidate.quiet_old, rate))
        checks.append(_finds("faults put into old running", candidate.faults_old, champion.faults_old))
    checks.append(_finds("faults put into recent running", candidate.faults_recent, champion.faults_old))
    checks.append(_finds("labelled faults", candidate.labelled, champion.labelled))
    checks.append(_worth(champion, candidate, rate))
    said = [check for check in checks if check is not None]
    return Decision(all(good for good, _ in said), tuple(sentence for _, sentence in said))


def spoilt(model: SeriesModel, data: SeriesSet, seed: int) -> SeriesSet:
    """The normal stretches with faults of known size: a signal reads too high or too low (raw vibration or sound: noise
    on top) by 3 or 5 sd for ``LENGTH`` steps of the model, evenly spread."""
    framed = model.frontend.kind != "none"
    length = LENGTH * (model.frontend.samples(data.rate or 1.0)[1] if framed else 1)
    rng, found = np.random.default_rng(seed), []
    room = 3 * length
    counts = [len(unit) // room for unit in data.units]
    copies = min(-(-FAULTS // max(sum(counts), 1)), COPIES)
    for copy in range(copies):
        for unit, count in zip(data.units, counts, strict=True):
            spoiled = replace(unit, name=f"{unit.name}, copy {copy}")
            for place in range(count):
                start = place * room + int(rng.integers(length, room - length + 1))
                sensor, sign = int(rng.choice(data.signals)), int(rng.choice((-1, 1)))
                size = sign * SIZES_SD[(place + copy) % len(SIZES_SD)]
                spoiled = inject(spoiled, sensor, start, start + length, "noise" if framed else "bias", size, seed)
            if count:
                found.append(spoiled)
    return data.of(found)


def _alarms(model: SeriesModel, unit: SeriesUnit, rate: float, progress: Progress) -> tuple[np.ndarray, int]:
    """(n,) steps above the threshold, none while the detector warms up; and the steps that a score looks back on."""
    member = model.member(unit.machine)
    alarms = model.score(unit, progress).now.scores.score > member.calibration.threshold(rate, "now")
    alarms[: member.detector.context - 1] = False
    return alarms, member.detector.context


def _scored(
    model: SeriesModel, data: SeriesSet, rate: float, progress: Progress
) -> Sequence[tuple[SeriesUnit, np.ndarray, int]]:
    if not data.units:
        return []
    framed, found = model.prepared(data, progress.part(0.0, 0.1)), []
    for index, unit in enumerate(framed.units):
        part = progress.part(0.1 + 0.9 * index / len(framed), 0.1 + 0.9 * (index + 1) / len(framed))
        found.append((unit, *_alarms(model, unit, rate, part)))
    return found


def _quiet(model: SeriesModel, data: SeriesSet, rate: float, progress: Progress) -> Quiet:
    steps = above = runs = 0
    for _, alarms, context in _scored(model, data, rate, progress):
        steps += max(len(alarms) - context + 1, 0)
        above += int(alarms.sum())
        runs += len(decluster(alarms.astype(float), 0.5, context))
    share = above / steps if steps else 0.0
    least = share * float(chi2.ppf(0.025, 2 * runs)) / (2 * runs) if runs else 0.0
    return Quiet(steps, share, runs, least)


def _searched(model: SeriesModel, data: SeriesSet, rate: float, progress: Progress) -> Searched:
    faults = found = 0
    for unit, alarms, _ in _scored(model, data, rate, progress):
        events = np.array([(event.start, event.stop) for event in unit.events or ()], np.int64).reshape(-1, 2)
        faults += len(events)
        found += int(np.isfinite(delays(alarms, events)).sum())
    return Searched(faults, found)


def _keeps(when: str, quiet: Quiet, rate: float) -> tuple[bool, str] | None:
    if not quiet.steps:
        return (False, "There is no recent running to test the promise on.") if when == "recent" else None
    kept = not _breaks(quiet, rate)
    return kept, (
        f"{'Keeps' if kept else 'Breaks'} the promise on {when} normal running: {percent(quiet.rate, 2)} of "
        f"{quiet.steps:,} steps in {quiet.alarms} alarms, certainly above {percent(quiet.least, 2)}; "
        f"{percent(rate, 2)} promised, {percent(PROMISE * rate, 2)} allowed."
    )


def _breaks(quiet: Quiet, rate: float) -> bool:
    return quiet.least > PROMISE * rate


def _finds(what: str, candidate: Searched, champion: Searched) -> tuple[bool, str] | None:
    if candidate.share is None or champion.share is None:
        return None
    enough = candidate.share >= champion.share - LOST
    return enough, (
        f"Finds {'enough' if enough else 'too few'} {what}: {percent(candidate.share, 0)} of {candidate.faults}, "
        f"the champion {percent(champion.share, 0)}, {percent(LOST, 0)} fewer allowed."
    )


def _worth(champion: Figures, candidate: Figures, rate: float) -> tuple[bool, str]:
    theirs, own = champion.quiet_recent, candidate.quiet_recent
    if _breaks(theirs, rate) and own.rate < theirs.rate:
        return (
            True,
            f"Fewer false alarms on recent running: {percent(own.rate, 2)} of the steps, the champion "
            f"{percent(theirs.rate, 2)}.",
        )
    other, mine = champion.faults_recent.share, candidate.faults_recent.share
    if mine is not None and other is not None and mine >= other + BETTER and own.rate <= max(rate, theirs.rate):
        return True, f"More faults in recent running found: {percent(mine, 0)}, the champion {percent(other, 0)}."
    return False, (
        f"No better than the champion on recent running: false alarms {percent(own.rate, 2)}, the champion "
        f"{percent(theirs.rate, 2)}."
    )
