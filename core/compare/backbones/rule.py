"""The rule that says whether a candidate replaces the bundled backbone. Each part of it was written before a candidate
was seen that it speaks of.

Replacing it makes every model that was trained on it unusable, so the candidate must be shown to be better: its mean
image AUROC over the sets is higher with the whole 95 % interval, no set is worse with its whole interval, and its file
and its time stay within limits. One that takes at most three quarters of the bundled one's time need not be higher: it
must be shown to be at most a hundredth lower.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.compare.backbones.trial import Trial

CANDIDATE, PRESENT, TEACHER = "candidate", "present", "resnet18"
LARGEST_BYTES = 4 * 2**20
LONGEST = 0.5  # of ResNet-18's time for one image
QUICKER = 0.75  # of the bundled one's time: such a candidate may be
MARGIN = 0.01  # lower in mean image AUROC, by so much at most
RESAMPLES = 2000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A difference of AUROC with its paired 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """``decision`` with the reasons against replacing; figures by set, and their means over the sets."""

    decision: Literal["replace", "keep"]
    reasons: list[str]
    sets: list[dict[str, Any]]
    auroc: dict[str, float]
    over_present: Difference
    over_teacher: Difference
    time_ratio: dict[str, float]
    bytes: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(trials: Sequence[Trial], time_ratio: Mapping[str, float], size: int, *, seed: int = 0) -> Verdict:
    """``time_ratio``: time for one image in units of ResNet-18's; ``size``: bytes of the candidate's file."""
    against: dict[str, list[Floats]] = {PRESENT: [], TEACHER: []}
    sets = []
    for number, one in enumerate(trials):
        row: dict[str, Any] = {"name": one.name, "normals": one.normals, "good": int((~one.anomalous).sum())}
        row |= {"bad": int(one.anomalous.sum()), "auroc": {name: _auroc(one, name) for name in one.scores}}
        for rival, drawn in against.items():
            resampled = _resampled(one, rival, np.random.default_rng([seed, number]))
            drawn.append(resampled)
            row[f"over_{rival}"] = _difference(row["auroc"][CANDIDATE] - row["auroc"][rival], resampled)
        sets.append(row)
    mean = {name: float(np.mean([row["auroc"][name] for row in sets])) for name in (CANDIDATE, PRESENT, TEACHER)}
    over = {
        rival: _difference(mean[CANDIDATE] - mean[rival], np.mean(found, axis=0)) for rival, found in against.items()
    }
    reasons = _reasons(sets, over[PRESENT], time_ratio, size)
    return Verdict(
        "keep" if reasons else "replace", reasons, sets, mean, over[PRESENT], over[TEACHER], dict(time_ratio), size
    )


def _reasons(
    sets: Sequence[Mapping[str, Any]], gain: Difference, times: Mapping[str, float], size: int
) -> list[str]:  # fmt: skip
    """Why the bundled backbone stays; empty where it does not."""
    time, allowed = times[CANDIDATE], MARGIN if times[CANDIDATE] <= QUICKER * times[PRESENT] else 0.0
    found = []
    if size > LARGEST_BYTES:
        found.append(f"its file has {size / 2**20:.1f} MiB, more than {LARGEST_BYTES / 2**20:g}")
    if time > LONGEST:
        found.append(f"it takes {time:.2f} of ResNet-18's time, more than {LONGEST:g}")
    if gain.low <= -allowed:
        wanted = f"at most {allowed:g} lower" if allowed else "higher"
        found.append(
            f"its mean image AUROC is not shown to be {wanted}: {gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
        )
    for row in sets:
        lost: Difference = row[f"over_{PRESENT}"]
        if lost.high < 0:
            found.append(f"it is worse on {row['name']}: {lost.value:+.4f} ({lost.low:+.4f} to {lost.high:+.4f})")
    return found


def _wins(one: Trial, name: str) -> Floats:
    """(splits, bad, good): 1 where the bad image scores higher, a half for a tie. Its mean is the AUROC."""
    scores = one.scores[name]
    bad, good = scores[:, one.anomalous, None], scores[:, None, ~one.anomalous]
    return np.asarray((bad > good) + 0.5 * (bad == good), float)


def _auroc(one: Trial, name: str) -> float:
    return float(_wins(one, name).mean())


def _resampled(one: Trial, rival: str, rng: np.random.Generator) -> Floats:
    """(RESAMPLES,) differences of the mean AUROC when splits, good and bad images are drawn again, alike for both."""
    difference = _wins(one, CANDIDATE) - _wins(one, rival)
    splits, bad, good = difference.shape
    often, bads, goods = (rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n for n in (splits, bad, good))
    of_splits = [((bads @ one_split) * goods).sum(1) for one_split in difference]
    return np.asarray((often * np.stack(of_splits, 1)).sum(1), float)


def _difference(value: float, resampled: Floats) -> Difference:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Difference(float(value), float(low), float(high))
