"""Two contestants against each other on the same images: what differs, by how much, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from core.compare.sidebyside import RATE, SideBySide
from core.metrics.delong import DeLong, delong
from core.metrics.mcnemar import mcnemar
from core.metrics.multiple import holm

TESTS = ("auroc", "verdicts", "events")
SURE = 0.05  # a corrected p-value below which a difference is called one


@dataclass(frozen=True)
class Test:
    """A test of «no difference»; ``p_holm`` is corrected over all pairs of the comparison, by the same test."""

    p: float
    p_holm: float

    @property
    def differs(self) -> bool:
        return self.p_holm < SURE


@dataclass(frozen=True)
class Pair:
    """``first`` against ``second`` (rows of ``SideBySide``).

    ``auroc``: difference of the AUROCs, first less second, with DeLong's interval. ``only_first``, ``only_second``:
    parts whose verdict only one of them got right, by what they are. ``tests``: DeLong's for ``auroc``, McNemar's exact
    one for ``verdicts`` (of images) and ``events`` (of recordings); a test that the data do not allow is missing.
    """

    first: int
    second: int
    auroc: float | None
    auroc_ci95: tuple[float, float] | None
    only_first: dict[str, int]
    only_second: dict[str, int]
    tests: dict[str, Test]


def image_pairs(side: SideBySide, rate: float = RATE) -> list[Pair]:
    """All pairs, (0, 1), (0, 2), …; empty of tests where there is no truth to test against."""
    truth = side.anomalous[side.known]
    compared = delong(side.scores[:, side.known], truth)
    right = side.flagged(rate)[:, side.known] == truth
    pairs = [_pair(first, second, right, truth, compared) for first, second in combinations(range(len(right)), 2)]
    return corrected(pairs)


def against(pairs: Sequence[Pair], pinned: int) -> list[Pair]:
    """The pairs of every other contestant against the pinned one, differences as «other less pinned»; the correction
    stays that over all pairs."""
    return [pair if pair.second == pinned else swapped(pair) for pair in pairs if pinned in (pair.first, pair.second)]


def swapped(pair: Pair) -> Pair:
    """The same comparison seen from the other side."""
    return replace(
        pair,
        first=pair.second,
        second=pair.first,
        auroc=None if pair.auroc is None else -pair.auroc,
        auroc_ci95=None if pair.auroc_ci95 is None else (-pair.auroc_ci95[1], -pair.auroc_ci95[0]),
        only_first=pair.only_second,
        only_second=pair.only_first,
    )


def corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """The same pairs with Holm's correction of each test over them."""
    found = [dict(pair.tests) for pair in pairs]
    for name in TESTS:
        places = [place for place, tests in enumerate(found) if name in tests]
        adjusted = holm(np.array([found[place][name].p for place in places], float))
        for place, p in zip(places, adjusted, strict=True):
            found[place][name] = replace(found[place][name], p_holm=float(p))
    return [replace(pair, tests=tests) for pair, tests in zip(pairs, found, strict=True)]


def _pair(first: int, second: int, right: np.ndarray, truth: np.ndarray, compared: DeLong | None) -> Pair:
    ours, theirs = right[first] & ~right[second], right[second] & ~right[first]
    kinds = {"good": ~truth, "bad": truth}
    tests: dict[str, Test] = {}
    difference = compared.difference(first, second) if compared else None
    if difference:
        tests["auroc"] = Test(difference.p, difference.p)
    if len(truth):
        p = mcnemar(right[first], right[second]).p
        tests["verdicts"] = Test(p, p)
    return Pair(
        first,
        second,
        difference.value if difference else None,
        difference.ci95 if difference else None,
        {name: int((ours & kind).sum()) for name, kind in kinds.items()},
        {name: int((theirs & kind).sum()) for name, kind in kinds.items()},
        tests,
    )
