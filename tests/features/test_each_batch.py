from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.features import patches
from core.features.patches import BATCH, SIDE, each_batch


@pytest.mark.parametrize(("size", "together"), [(64, BATCH), (SIDE, BATCH), (2 * SIDE, BATCH // 4), (1024, 1)])
def test_large_images_pass_in_small_batches_none_left_out(
    size: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "load_rgb", lambda path, side: np.zeros((*side, 3), np.uint8))
    items = [SimpleNamespace(path=Path(str(number))) for number in range(BATCH + 1)]
    found = list(each_batch(items, size, lambda pixels: pixels.shape))  # type: ignore[arg-type]
    assert [one.path.name for batch, _ in found for one in batch] == [str(number) for number in range(BATCH + 1)]
    assert all(shape == (len(batch), size, size, 3) for batch, shape in found)
    assert max(len(batch) for batch, _ in found) == together
