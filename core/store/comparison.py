"""A comparison of runs as a folder: what takes longer than a page may, computed once for these very runs.

comparison.json   Comparison                items.parquet   a row per item or recording: item, and a column per figure
                                            limits.parquet  recordings: what each limit would have made of them

The folder's name follows from the runs and the settings: the same asked again is found, not computed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import UserError
from core.store import atomic

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
FILE = "comparison.json"
ITEMS = "items.parquet"
LIMITS = "limits.parquet"

Interval = tuple[float, float]


class Compared(BaseModel):
    """One figure of two models, ``first`` less ``second`` (model ids). ``value`` is the difference of the figures, for
    per-item figures the mean difference over ``n`` items of which ``first`` was higher, equal and lower on ``wins``,
    ``ties`` and ``losses``. ``p_holm`` is corrected over all pairs of the same figure; None where there is no test.
    ``ci95`` is None where nothing was resampled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str
    second: str
    value: float
    ci95: Interval | None
    p: float | None
    p_holm: float | None
    n: int | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None


class Comparison(BaseModel):
    """Figures by name and model id, with 95 % intervals where they have one; differences of every pair by figure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    modality: Literal["image", "series"]
    run_ids: tuple[str, ...]
    model_ids: tuple[str, ...]
    dataset_id: str
    rate: float
    resamples: int
    seed: int
    said: str = Field("", description="``Said.id`` of what people had said of the images; empty for nothing")
    n: int = Field(description="images, or steps, that were counted")
    figures: dict[str, dict[str, float | None]]
    ci95: dict[str, dict[str, Interval]]
    differences: dict[str, tuple[Compared, ...]]
    notes: tuple[str, ...] = ()
    seconds: float
    created_at: float


class StoredComparison:
    """A finished comparison, to read from. UserError where it is missing or damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        damaged = UserError(
            "The comparison is damaged or from another version", folder.name, "Compare the models again"
        )
        try:
            self.info = Comparison.model_validate_json((folder / FILE).read_bytes())
        except OSError:
            raise UserError("This comparison is not there", folder.name, "Compare the models again") from None
        except ValidationError:
            raise damaged from None
        if self.info.modality == "series" and not (folder / LIMITS).is_file():
            raise damaged

    @property
    def id(self) -> str:
        return self.folder.name

    def items(self) -> pd.DataFrame:
        """One row per item: ``item``, for images ``mask_share`` and ``aupimo.<model id>``, NaN where there is none."""
        import pandas as pd

        return pd.read_parquet(self.folder / ITEMS)

    def limits(self) -> pd.DataFrame:
        """Of a comparison of recordings: a row per mode, model and limit with what it finds and what it calls people
        out for (``core.compare.seriescurves``)."""
        import pandas as pd

        return pd.read_parquet(self.folder / LIMITS)


def comparison_id(run_ids: Sequence[str], rate: float, resamples: int, seed: int, said: str = "") -> str:
    """16 hex digits; the order of the runs does not matter. Behind them those of what people ``said``."""
    text = json.dumps([FORMAT, sorted(run_ids), rate, resamples, seed])
    return hashlib.sha256(text.encode()).hexdigest()[:16] + (f"-{said}" if said else "")


def write_comparison(
    dest: Path, found: Comparison, items: pd.DataFrame, limits: pd.DataFrame | None = None
) -> StoredComparison:
    """Write a comparison to ``dest``, which must not hold anything yet; one of recordings has ``limits``."""
    with atomic.new_folder(dest) as folder:
        items.to_parquet(folder / ITEMS, index=False)
        if limits is not None:
            limits.to_parquet(folder / LIMITS, index=False)
        atomic.write_bytes(folder / FILE, found.model_dump_json(indent=1).encode())
    return StoredComparison(dest)
