"""Standard grades of a rusted share of the surface.

ISO 4628-3 shows *pictures* of 0, 0.05, 0.5, 1, 8 and 40 to 50 % rust for Ri 0 to Ri 5, no intervals. The convention
here is the usual one of programs: each figure is the upper bound of its grade, and Ri 5 is everything above 8 %. Ri 0
is what rounds to 0.00 %. The European scale Re follows from Ri by the correlation printed with ISO 4628-3.

ASTM D610-08 (2012), table 1, gives intervals ("greater than a and up to b"), and a letter for how rust is distributed,
in words: Spot, General, Pinpoint, Hybrid. ``distribution`` puts those words into figures of connected regions.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from core.errors import UserError
from core.severity.types import Grades, Mask

ISO_BOUNDS = (0.00005, 0.0005, 0.005, 0.01, 0.08)  # upper bounds of Ri 0 to Ri 4
ASTM_BOUNDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.10, 0.16, 0.33, 0.50)  # upper bounds of grade 10 to grade 1
EUROPEAN = (0, 1, 2, 3, 5, 7)  # Re of Ri 0 to Ri 5
ACTIONS = Path(__file__).parents[2] / "assets" / "rust_actions.csv"
_SPECK = 2e-4  # of the part's area: a region below is a pinpoint
_SPECKS_RULE, _SPECKS_MATTER = 0.75, 0.25  # of the rusted area, for P and for H
_CELLS = 8  # cells along the side of a square of the part's area
_LOCAL = 0.33  # of the part: rust in fewer cells than this is in spots

Distribution = Literal["S", "G", "P", "H"]
Actions = tuple[str, str, str, str, str, str]


def iso_ri(share: float) -> int:
    """ISO 4628-3 degree of rusting, 0 to 5, of a rusted share in [0, 1]."""
    return int(np.searchsorted(ISO_BOUNDS, share, side="left"))


def astm_d610(share: float) -> int:
    """ASTM D610 grade, 10 (at most 0.01 %) to 0 (more than 50 %), of a rusted share in [0, 1]."""
    return 10 - int(np.searchsorted(ASTM_BOUNDS, share, side="left"))


def grade(share: float, letter: Distribution | None, actions: Actions) -> Grades:
    """All grades of a rusted share in [0, 1]; ValueError outside. Grade 10 of ASTM D610 carries no letter."""
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is no share of a surface")
    ri, astm = iso_ri(share), astm_d610(share)
    return Grades(ri, astm, None if astm == 10 else letter, EUROPEAN[ri], actions[ri])


def distribution(mask: Mask, share: float) -> Distribution | None:
    """ASTM D610 distribution letter of the rust in ``mask`` (h, w), which covers ``share`` of the part; None for none.

    P where specks below 0.02 % of the part hold three quarters of the rust, H where they hold at least a quarter, S
    where the rest touches less than a third of the part's cells (an eighth of its size a side), G otherwise.
    """
    rusted = int(mask.sum())
    if rusted == 0 or not share > 0:
        return None
    part = rusted / share
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    specks = areas[areas < _SPECK * part].sum() / rusted
    if specks >= _SPECKS_MATTER:
        return "P" if specks >= _SPECKS_RULE else "H"
    side = max(1.0, np.sqrt(part) / _CELLS)
    ys, xs = np.nonzero(mask)
    touched = len(np.unique((ys // side).astype(np.int64) * 100_000 + (xs // side).astype(np.int64)))
    return "S" if touched * side * side / part < _LOCAL else "G"


@lru_cache(maxsize=8)
def read_actions(path: Path = ACTIONS) -> Actions:
    """The table of suggested actions, one line for each of Ri 0 to Ri 5. UserError for a table that is not that."""
    remedy = "Give a CSV file with the columns ri and action, one line for each grade from 0 to 5"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UserError("The table of actions cannot be read", str(path), remedy) from None
    try:
        found = {int(line["ri"]): line["action"].strip() for line in lines}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UserError("The table of actions lacks a grade or an action", str(path), remedy) from None
    if sorted(found) != list(range(6)) or len(lines) != 6 or not all(found.values()):
        raise UserError("The table of actions does not name each grade once", str(path), remedy)
    return found[0], found[1], found[2], found[3], found[4], found[5]
