"""Two detectors that disagree, light enough for tests of the pages that compare them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from core.datasets.types import ImageSet
from core.detectors import registry
from core.detectors.base import DetectorInfo, ImageScore
from core.jobs.tasks import train
from core.progress import Progress
from core.store.datasets import DatasetRow
from core.store.models import ModelRow, ModelStore
from core.store.workspace import Workspace
from tests.store import toy

KEEN = replace(toy.INFO, name="keen", title="Keen", implementation="tests.ui.contest:Keen")
BLUNT = replace(toy.INFO, name="blunt", title="Blunt", implementation="tests.ui.contest:Blunt")
INFOS = {info.name: info for info in (KEEN, BLUNT)}


class Keen(toy.Toy):
    """Knows defects by the names of their folders, and errs on none of them."""

    info: ClassVar[DetectorInfo] = KEEN

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        for item in data.items:
            value = _noise(item.name) + (10.0 if item.label == "bad" else 0.0)
            yield ImageScore(item.name, value, np.full((24, 24), value, np.float32))


class Blunt(toy.Toy):
    """Takes defects for what is usual."""

    info: ClassVar[DetectorInfo] = BLUNT

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        for item in data.items:
            value = _noise(item.name) - (10.0 if item.label == "bad" else 0.0)
            yield ImageScore(item.name, value, np.full((24, 24), value, np.float32))


def _noise(name: str) -> float:
    """0 to 1, the same for the same name."""
    return zlib.crc32(name.encode()) / 2**32


def trained(workspace: Workspace, parts: DatasetRow, *names: str) -> list[ModelRow]:
    """Models of these detectors, each with its run over the parts; they must be in the registry."""
    found = []
    for name in names:
        spec = {"dataset_id": parts.id, "detector": name, "name": registry.info(name).title}
        found.append(ModelStore(workspace).get(train.run(Progress(), spec, workspace)["model_id"]))
    return found
