"""A small set of parts that every detector can be fitted on in a second or two."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.datasets.readers import read
from core.datasets.synthetic.parts import write_parts
from core.datasets.types import ImageSet


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    folder: Path = tmp_path_factory.mktemp("parts") / "parts"
    write_parts(folder, seed=7, train=24, test_good=4, per_defect=1, size=128)
    return read(folder)
