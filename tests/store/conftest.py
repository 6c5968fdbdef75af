"""A workspace, a small dataset with awkward names, and a trained toy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from core.datasets.types import ImageItem, ImageSet, Rejected
from core.detectors import registry
from core.store import Workspace
from core.store.modelfolder import write_model
from tests.store import toy


def make_set(root: Path, *, seed: int = 0, name: str = "screws") -> ImageSet:
    """Eight files with slashes, spaces and other scripts in their names. Their bytes stand for pictures."""
    rng = np.random.default_rng(seed)
    items = []
    for item_name, split, label in [
        ("train/good/0.png", "train", "good"),
        ("train/good/1.png", "train", "good"),
        ("train/good/2 äöü 漢字.png", "train", "good"),
        ("train/good/3.png", "train", None),
        ("test/good/0.png", "test", "good"),
        ("test/scratch/0.png", "test", "bad"),
        ("test/scratch/deep/er/0.png", "test", "bad"),
        ("test/100% «odd» #1?.png", "test", None),
    ]:
        path = root / item_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.integers(0, 200, 64, dtype=np.uint8).tobytes())
        mask = None
        if label == "bad":
            mask = root / "masks" / f"{item_name}.png"
            mask.parent.mkdir(parents=True, exist_ok=True)
            mask.write_bytes(b"mask")
        items.append(
            ImageItem(
                name=item_name,
                path=path,
                split=split,
                category="screw",
                label=label,
                defect="scratch" if label == "bad" else None,
                width=8,
                height=6,
                sha256=_sha256(path),
                mask=mask,
                mask_sha256=_sha256(mask) if mask else None,
            )
        )
    rejected = (Rejected("broken.png", "the file is truncated"),)
    return ImageSet(name, root, "mvtec", tuple(sorted(items, key=lambda item: item.name)), rejected, ("a note",))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def data(tmp_path: Path) -> ImageSet:
    return make_set(tmp_path / "pictures")


@pytest.fixture(autouse=True)
def toy_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)


@pytest.fixture
def model(tmp_path: Path, data: ImageSet) -> Path:
    """A model folder outside of any workspace."""
    write_model(tmp_path / "model", toy.fitted(data), name="First", dataset=data, exclude=["train/good/3.png"])
    return tmp_path / "model"
