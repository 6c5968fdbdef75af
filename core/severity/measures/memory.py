"""What the part did not look like at first: distance of patches to a memory of its first time.

The memory is PatchCore's (Roth et al., CVPR 2022, arXiv:2106.08265) with the bundled compact backbone. A part put down
anew is never quite the same picture, so the level that counts as change is not the memory's distance to itself but to
the first time as it might have been put down and lit otherwise. Even so, a second photograph of an unchanged part is
farther away than any made up from the first one, by a factor that ``REPEAT`` allows for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from core.severity.measures.base import Measure, MeasureInfo, Reading, View
from core.severity.measures.crop import back, square, variants
from core.severity.measures.excess import Plane, above
from core.severity.types import Mask, Rgb

if TYPE_CHECKING:
    from torch import Tensor

    from core.detectors.patchcore.search import MemoryBank
    from core.features.patches import PatchExtractor

SIDE = 320  # pixels of the square that the network is shown
REMEMBERED, JUDGED = 2, 3  # variants of each first view that the memory holds, and that its level is taken from
MOST_ROWS = 6000  # of the memory
QUANTILE = 0.95  # of the made-up photographs' distances
REPEAT = 2.5  # times that quantile is the level: unchanged parts put down anew reached 1.2 to 2.4 on real series
SPAN = 0.5  # of the level


class Memory(Measure):
    """Patches farther from the memory of the first time than the part put down anew would be."""

    info: ClassVar[MeasureInfo] = MeasureInfo(
        name="memory",
        title="Change since the first time",
        sentence="The share of the part that looks unlike anything on it at its first time, chance taken off.",
        is_area=True,
    )

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._extractor: PatchExtractor | None = None
        self._bank: MemoryBank | None = None
        self._level, self._chance = 0.0, 0.0

    def fit(self, first: Sequence[View]) -> None:
        import torch

        from core.detectors.patchcore.search import MemoryBank

        self._bank = None
        if not first:
            return
        kept, judged = [], []
        for number, view in enumerate(first):
            picture, mask, _ = square(view, SIDE)
            others = variants(picture, self.seed * 1000 + number, REMEMBERED + JUDGED)
            inside = self._inside(mask)
            kept += [self._patches(one)[inside] for one in (picture, *others[:REMEMBERED])]
            judged += [self._patches(one)[inside] for one in others[REMEMBERED:]]
        rows = torch.cat(kept)
        if len(rows) > MOST_ROWS:
            rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(self.seed))[:MOST_ROWS]]
        self._bank = MemoryBank(rows, torch.zeros(len(rows), dtype=torch.long), cosine=False)
        distances = torch.cat([self._bank.distance(patches, 1) for patches in judged])
        self._level = REPEAT * float(torch.quantile(distances, QUANTILE))
        self._chance = float((distances > self._level).float().mean())

    def read(self, view: View) -> Reading:
        if self._bank is None or not view.part.found:
            return Reading.nothing(view)
        picture, _, matrix = square(view, SIDE)
        distance = self._bank.distance(self._patches(picture), 1).numpy()
        grid = int(np.sqrt(len(distance)))
        fine: Plane = np.asarray(
            cv2.resize(distance.reshape(grid, grid), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32
        )
        evidence = back(fine, matrix, view.part.mask.shape)
        return above(evidence, self._level, SPAN * self._level, self._chance, view)

    def _patches(self, picture: Rgb) -> Tensor:
        """Patches (n, d) of a square."""
        from core.features.patches import PatchExtractor

        if self._extractor is None:
            self._extractor = PatchExtractor("compact", SIDE)
        return self._extractor.patches(picture[None])[0]

    def _inside(self, mask: Mask) -> Tensor:
        """Which patches (n,) lie mostly on the part."""
        import torch

        grid = SIDE // 8
        share = cv2.resize(mask.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
        return torch.from_numpy(share.ravel() > 0.5)
