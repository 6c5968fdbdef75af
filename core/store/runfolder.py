"""A run as a folder: what one model said about every image of one dataset.

run.json           RunInfo                          scores.parquet   a row per image, in order
maps/<item>.npy    float32 (h, w), detector units   reconstructions/<item>.jpg   where the detector makes them
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from core.datasets.types import ImageItem
from core.detectors.base import ImageScore
from core.errors import UserError
from core.store import atomic
from core.store.runinfo import read_info

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
JPEG_QUALITY = 92

Role = Literal["unseen", "fit", "calibration"]  # what the model used the image for


class RunInfo(BaseModel):
    """What was scored by what, and how long it took."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    model_id: str
    model_name: str
    detector: str
    dataset_id: str
    dataset_name: str
    n_images: int = Field(description="scored images")
    seconds: float = Field(description="time in the detector, reading the pictures included, writing maps excluded")
    ms_per_image: float | None = Field(description="None for a run over no image")
    fit_seconds: float = Field(description="of the model, from its manifest")
    peak_rss_mib: float = Field(description="highest memory of fitting and of the process that scored")
    created_at: float = Field(description="seconds since the epoch")


class RunWriter:
    """Writes a run to ``dest``: it is there when the block ends, and nothing is when the block raises."""

    def __init__(self, dest: Path) -> None:
        self._rows: list[dict[str, Any]] = []
        self._info: RunInfo | None = None
        self._whole = self._writing(dest)

    def __enter__(self) -> Self:
        self._folder = self._whole.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._whole.__exit__(kind, error, trace)

    @contextmanager
    def _writing(self, dest: Path) -> Iterator[Path]:
        with atomic.new_folder(dest) as folder:
            yield folder
            self._finish(folder)

    def write(self, item: ImageItem, scored: ImageScore, p_value: float, role: Role) -> None:
        """Keep one image's result. ValueError for a score or map that is not finite: a detector's bug."""
        if not np.isfinite(scored.score) or not np.isfinite(scored.map).all():
            raise ValueError(f"{item.name}: the score or the map is not finite")
        self._rows.append(
            {
                "item": item.name,
                "category": item.category,
                "split": item.split,
                "label": item.label,
                "defect": item.defect,
                "score": float(scored.score),
                "p_value": float(p_value),
                "role": role,
            }
        )
        path = map_path(self._folder, item.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, scored.map.astype(np.float32, copy=False), allow_pickle=False)
        if scored.reconstruction is not None:
            self._write_reconstruction(item.name, scored.reconstruction)

    def finish(self, info: RunInfo) -> None:
        """Say what the run was; required before the block ends."""
        self._info = info

    def _finish(self, folder: Path) -> None:
        import pandas as pd

        if self._info is None:
            raise RuntimeError("RunWriter.finish was not called")
        columns = ["item", "category", "split", "label", "defect", "score", "p_value", "role"]
        pd.DataFrame(self._rows, columns=columns).to_parquet(folder / "scores.parquet", index=False)
        atomic.write_bytes(folder / "run.json", self._info.model_dump_json(indent=1).encode())

    def _write_reconstruction(self, name: str, picture: NDArray[np.uint8]) -> None:
        from PIL import Image

        path = reconstruction_path(self._folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path, quality=JPEG_QUALITY, subsampling=0)


class Run:
    """A finished run, to read from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = read_info(folder, RunInfo)

    def scores(self) -> pd.DataFrame:
        """One row per image: item, category, split, label, defect, score, p_value, role."""
        import pandas as pd

        return pd.read_parquet(self.folder / "scores.parquet")

    def map(self, item: str) -> NDArray[np.float32]:
        """(h, w) anomaly map in the detector's units."""
        try:
            found: NDArray[np.float32] = np.load(map_path(self.folder, item), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise UserError(
                f"The anomaly map of «{item}» is missing or damaged", str(self.folder), "Score again"
            ) from None
        return found

    def reconstruction(self, item: str) -> NDArray[np.uint8] | None:
        """(h, w, 3) RGB, or None from detectors that do not reconstruct."""
        from PIL import Image

        path = reconstruction_path(self.folder, item)
        if not path.is_file():
            return None
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))


def map_path(folder: Path, item: str) -> Path:
    return _inside(folder / "maps", item, ".npy")


def reconstruction_path(folder: Path, item: str) -> Path:
    return _inside(folder / "reconstructions", item, ".jpg")


def _inside(folder: Path, item: str, suffix: str) -> Path:
    """``folder/item + suffix``. ValueError for a name that would lead elsewhere: readers never give one."""
    name = PurePosixPath(item)
    if not item or name.is_absolute() or ".." in name.parts or "\0" in item:
        raise ValueError(f"unsafe item name {item!r}")
    return folder.joinpath(*name.parts[:-1], name.name + suffix)
