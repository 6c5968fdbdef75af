"""How detectors without torch keep arrays on disk: safetensors, checked as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.errors import UserError
from core.features.weightsfile import as_other_files

FILENAME = "arrays.safetensors"


def save_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays into ``folder``."""
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / FILENAME)
    as_other_files(folder / FILENAME)


def load_arrays(folder: Path, expected: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """Read arrays back; ``expected`` names them with their number of axes. UserError where they do not fit."""
    path = folder / FILENAME
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError("The model's state cannot be read", str(path), "Train it again or upload it again") from error
    for name, axes in expected.items():
        if name not in arrays or arrays[name].ndim != axes:
            raise UserError(f"The model's state lacks a proper «{name}»", str(path), "Train it again")
    return {name: arrays[name] for name in expected}
