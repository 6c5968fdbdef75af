"""One way to look at the blocks: quick detectors that suspect, a test of the bulk that confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.drift.contract import Block, Blocks
from core.drift.detectors import DETECTORS
from core.drift.ks import KsHolm
from core.drift.mmd import Mmd
from core.drift.state import ViewName


@dataclass(frozen=True)
class DriftRule:
    """``window``: blocks that the tests hold against the reference. ``alpha``: chance of a false rejection in one test
    of a view, all its columns together. ``sustained``: tests in a row that must reject, or not, before the verdict
    follows. ``unusual``: share of alarmed steps that makes a block unusual. ``watchers``: names of the quick detectors
    of each view, see ``detectors.DETECTORS``."""

    window: int = 32
    alpha: float = 1e-3
    sustained: int = 4
    unusual: float = 0.05
    watchers: tuple[tuple[ViewName, tuple[str, ...]], ...] = (
        ("input", ("page-hinkley",)),
        ("bulk", ("adwin", "page-hinkley")),
        ("latent", ("page-hinkley",)),
    )


class Tested:
    """The state of one view over blocks (c,) of its columns."""

    def __init__(self, name: ViewName, reference: Blocks, rule: DriftRule) -> None:
        self.name, self._rule = name, rule
        self.test: KsHolm | Mmd = (
            Mmd(reference, rule.window, 2 * rule.alpha)
            if name == "latent"
            else KsHolm(reference, rule.window, rule.alpha)
        )
        self._watchers = [DETECTORS[watcher](reference) for watcher in dict(rule.watchers).get(name, ())]
        self.drifted, self.began = False, False
        self._row, self._quiet = 0, rule.window  # tests in a row against the verdict; blocks since a watcher spoke

    @property
    def p(self) -> float:
        return float(np.min(self.test.p))

    @property
    def suspected(self) -> bool:
        """A quick detector spoke within the window, or the test rejects and it has not lasted yet."""
        return not self.drifted and (self._quiet < self._rule.window or self._row > 0)

    def push(self, block: Block) -> None:
        """Take a block; ``began`` tells whether drift begins to be told with it."""
        rejects = self._feed(block)
        self._row = self._row + 1 if rejects != self.drifted else 0
        self.began = False
        if self._row >= self._rule.sustained:
            self.drifted, self._row = rejects, 0
            self.began = rejects

    def replay(self, blocks: Sequence[Block]) -> None:
        """Bring the detectors to where they stand after these blocks; the verdict stays."""
        for detector in (self.test, *self._watchers):
            detector.reset()
        for block in blocks:
            self._feed(block)

    def state(self) -> dict[str, Any]:
        return {"drifted": self.drifted, "row": self._row, "quiet": self._quiet}

    def restore(self, state: dict[str, Any], blocks: Sequence[Block]) -> None:
        self.replay(blocks)
        self.drifted, self._row, self._quiet = bool(state["drifted"]), int(state["row"]), int(state["quiet"])

    def _feed(self, block: Block) -> bool:
        spoke = [watcher.push(block).drift for watcher in self._watchers]
        self._quiet = 0 if any(spoke) else min(self._quiet + 1, self._rule.window)
        return self.test.push(block).drift
