"""Exported models at work: ONNX files scored by onnxruntime, without torch and without the model they come from."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Scores
from core.detectors.series.windows import Windows
from core.errors import UserError

ABOUT = "faultline.json"  # key of the metadata in ONNX, name of the extra file in TorchScript
OUTPUTS = ("score", "parts", "surprise")
BATCH = 256

Outputs = dict[str, NDArray[np.floating]]


@dataclass(frozen=True)
class ExportedScores:
    """What an exported model says of consecutive steps: scores and parts, and surprise (n,), -log10 p."""

    scores: Scores
    surprise: NDArray[np.float64]


class OnnxModel:
    """An exported file, opened once. ``about`` is what it says of itself: sensors, window, threshold, model.

    UserError for a file that is no ONNX model, or that Faultline did not write.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._session = path, session(path)
        kept = self._session.get_modelmeta().custom_metadata_map.get(ABOUT)
        if kept is None:
            raise UserError("This is no model that Faultline exported", path.name, "Choose a file written by «export»")
        self.about: dict[str, Any] = json.loads(kept)

    def score(self, values: NDArray[np.float32]) -> ExportedScores:
        """*Now* scores of a recording (n, D), NaN where nothing was measured.

        Equal to the model's own but where a hole began before the window: the file sees no further back. UserError
        for other sensors than its own.
        """
        sensors = self.about["sensors"]
        if values.ndim != 2 or values.shape[1] != len(sensors):
            raise UserError(
                f"The exported model takes {len(sensors)} sensors, the recording has {values.shape[-1]}",
                self._path.name,
                f"Give these columns in this order: {', '.join(sensors[:8])}{', …' if len(sensors) > 8 else ''}",
            )
        stream = Windows(int(self.about["window"]))
        starts = range(0, len(values), BATCH)
        found = [run(self._session, stream.push(values[start : start + BATCH])) for start in starts]
        score, surprise = (
            np.concatenate([np.empty(0), *(one[name] for one in found)]) for name in ("score", "surprise")
        )
        empty = np.empty((0, len(self.about["signals"])), np.float32)
        parts = np.concatenate([empty, *(one["parts"] for one in found)])
        return ExportedScores(Scores(score, parts.astype(np.float32)), surprise)


def session(path: Path) -> Any:
    """An open onnxruntime session on the processor. UserError where the file is no ONNX model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = (
        1  # windows are small: several threads mostly wait for each other, and spin meanwhile
    )
    try:
        return onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base of their own
        raise UserError("The file cannot be read as an ONNX model", path.name, "Export it again") from error


def run(opened: Any, windows: NDArray[np.float32]) -> Outputs:
    """The outputs by name for windows (b, window, D)."""
    found = opened.run(list(OUTPUTS), {"values": np.ascontiguousarray(windows, np.float32)})
    return dict(zip(OUTPUTS, found, strict=True))
