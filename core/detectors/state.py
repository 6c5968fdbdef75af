"""How detectors keep tensors on disk: safetensors, checked as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import UserError
from core.features.weightsfile import as_other_files

FILENAME = "weights.safetensors"


def save_tensors(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors into ``folder``."""
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / FILENAME)
    as_other_files(folder / FILENAME)


def load_tensors(folder: Path, expected: Mapping[str, int]) -> dict[str, Tensor]:
    """Read tensors back; ``expected`` names them with their number of axes. Raises UserError where they do not fit."""
    path = folder / FILENAME
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError("The model's weights cannot be read", str(path), "Train it again or upload it again") from error
    for key, axes in expected.items():
        if key not in tensors or tensors[key].ndim != axes:
            raise UserError(f"The model's weights lack a proper «{key}»", str(path), "Train it again")
    return {key: tensors[key] for key in expected}
