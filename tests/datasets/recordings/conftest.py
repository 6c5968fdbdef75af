"""Small tables and arrays to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Write = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    """``csv("a.csv", header, rows)`` writes lines below ``tmp_path / "set"``."""

    def write(name: str, header: str | None, rows: list[str], encoding: str = "utf-8") -> Path:
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [*([] if header is None else [header]), *rows]
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return path

    return write


@pytest.fixture
def noise() -> Callable[[int, int], np.ndarray]:
    """``noise(n, d)``: (n, d) float32, always the same."""
    return lambda n, d: np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
