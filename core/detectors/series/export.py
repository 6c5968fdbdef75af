"""Models over time for other programs: ONNX and TorchScript files that hold scaler, network and calibration.

A file is compared with the model that it was made from before it gets its name; one that differs is never left behind.
"""

from __future__ import annotations

import json
import math
import secrets
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.detectors.series.deployed import Deployed
from core.detectors.series.exported import ABOUT, OUTPUTS, Outputs, run, session
from core.detectors.series.model import Member, SeriesModel
from core.errors import UserError

Format = Literal["onnx", "torchscript"]

LARGEST_DIFFERENCE = 1e-4  # relative to the largest value of an output
COMPARED = 64  # windows, at most


@dataclass(frozen=True)
class Exported:
    """``differences``: the largest absolute difference of each output from the model's own, over ``windows``."""

    path: Path
    differences: Mapping[str, float]
    windows: int
    about: Mapping[str, Any]


def export_model(
    model: SeriesModel,
    to: Format,
    out: Path,
    recordings: NDArray[np.float32],
    *,
    machine: str = "",
    model_id: str = "",
    rate: float = 1e-3,
) -> Exported:
    """Write ``out`` so that it scores raw windows (b, context, D) at once (*now*), and prove that it does.

    ``recordings`` (b, t, D), t at least the context, are stretches of ``model.prepared`` data to compare over;
    ``machine`` says which member, ``rate`` the false-alarm rate of the threshold that the file carries: None where the
    normal steps were too few to promise it. UserError where the detector is no network, or the file does not say what
    the model says.
    """
    member = model.member(machine)
    network = Deployed(member).eval()
    context = member.detector.context
    if recordings.ndim != 3 or not len(recordings) or recordings.shape[1] < context:
        raise UserError(
            "There are no windows to compare the exported model over",
            f"it looks back on {context} steps",
            f"Give recordings of at least {context} steps",
        )
    if not out.parent.is_dir():
        raise UserError("The folder for the file does not exist", str(out), "Make it first, or name another")
    threshold = member.calibration.threshold(rate, "now")
    windows = _compared(recordings[:COMPARED, -context:])
    about = {
        "format": "faultline-series-1",
        "model": model_id,
        "detector": member.detector.info.name,
        "machine": machine,
        "sensors": [sensor.name for sensor in model.sensors],
        "signals": [sensor.name for sensor in model.signals],
        "window": context,
        "frontend": model.frontend.kind,
        "false_alarm_rate": rate,
        "threshold_surprise": float(-np.log10(rate)),
        "threshold_score": threshold if math.isfinite(threshold) else None,
        "torch": str(torch.__version__),
    }
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}.tmp")
    try:
        _WRITERS[to](network, windows, temporary, about)
        found = _RUNNERS[to](temporary, windows)
        differences = _differences(found, _expected(member, windows))
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    return Exported(out, differences, len(windows), about)


def _write_onnx(network: nn.Module, windows: NDArray[np.float32], path: Path, about: Mapping[str, Any]) -> None:
    import onnx

    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        network,
        (torch.from_numpy(windows[:2]),),
        dynamo=True,
        verbose=False,
        input_names=["values"],
        output_names=list(OUTPUTS),
        dynamic_shapes=({0: batch},),
    )
    if program is None:
        raise TypeError("the exporter gave nothing back")
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {ABOUT: json.dumps(about, ensure_ascii=False)})
    path.write_bytes(proto.SerializeToString())


def _write_torchscript(network: nn.Module, windows: NDArray[np.float32], path: Path, about: Mapping[str, Any]) -> None:
    with _deprecated_torchscript():
        traced = torch.jit.trace(network, torch.from_numpy(windows[:2]), check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, path, _extra_files={ABOUT: json.dumps(about, ensure_ascii=False)})


def _run_onnx(path: Path, windows: NDArray[np.float32]) -> Outputs:
    opened = session(path)
    first, found = run(opened, windows[:1]), run(opened, windows)
    return {name: np.concatenate([first[name], found[name][1:]]) for name in OUTPUTS}  # both sizes of batch are seen


def _run_torchscript(path: Path, windows: NDArray[np.float32]) -> Outputs:
    with _deprecated_torchscript(), torch.inference_mode():
        network = torch.jit.load(path)  # type: ignore[no-untyped-call]
        first, rest = (network(torch.from_numpy(part)) for part in (windows[:1], windows))
    return {name: np.concatenate([first[index].numpy(), rest[index].numpy()[1:]]) for index, name in enumerate(OUTPUTS)}


@contextmanager
def _deprecated_torchscript() -> Iterator[None]:
    """TorchScript is deprecated in torch, but it is what programs without Python run, and what was asked for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)
        yield


_WRITERS = {"onnx": _write_onnx, "torchscript": _write_torchscript}
_RUNNERS = {"onnx": _run_onnx, "torchscript": _run_torchscript}


def _compared(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The windows as they are and once more with holes: a silent last step, and a silent sensor."""
    holed = windows.copy()
    holed[::2, -1] = np.nan
    holed[1::2, :, 0] = np.nan
    return np.ascontiguousarray(np.concatenate([windows, holed]))


def _expected(member: Member, windows: NDArray[np.float32]) -> Outputs:
    found = [member.detector.stream().push(member.scaler.apply(window)).now for window in windows]
    score = np.array([one.score[-1] for one in found])
    parts = np.stack([one.parts[-1] for one in found])
    return {"score": score, "parts": parts, "surprise": member.calibration.surprise(score, "now")}


def _differences(found: Outputs, expected: Outputs) -> dict[str, float]:
    """The largest absolute difference of each output. UserError where one is too large to be rounding."""
    differences = {}
    for name in OUTPUTS:
        differences[name] = float(np.abs(found[name] - expected[name]).max())
        limit = LARGEST_DIFFERENCE * max(float(np.abs(expected[name]).max()), 1e-6)
        if not differences[name] <= limit:
            raise UserError(
                f"The exported model does not say what the model says: «{name}» differs by {differences[name]:.3g}",
                f"at most {limit:.3g} is allowed",
                "Nothing was written; choose the other format, and report this",
            )
    return differences
