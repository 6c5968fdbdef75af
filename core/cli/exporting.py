"""The verb that takes a model out of Faultline, and scoring with what was taken out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.cli.data import opened
from core.cli.output import console_progress, emit
from core.datasets.series import Sensor, SeriesSet
from core.errors import UserError
from core.progress import Progress

if TYPE_CHECKING:
    from core.detectors.series.model import Member, SeriesModel

COMPARED = 32  # recordings over which the file is held against the model


def export(options: argparse.Namespace) -> None:
    """Write ``--out`` as ONNX or TorchScript, scaling and calibration inside, and prove that it scores alike."""
    if options.out.exists():
        raise UserError("There is something there already", str(options.out), "Name a file that does not exist yet")
    from core.detectors.series.export import export_model
    from core.store.manifest import model_id
    from core.store.seriesmodel import load_series_model

    model, _ = load_series_model(options.model)
    machine = options.machine or next(iter(sorted(model.members)))
    member = model.member(machine)
    done = export_model(
        model,
        options.to,
        options.out,
        _recordings(options, model, member),
        machine=machine,
        model_id=model_id(options.model),
        rate=options.rate,
    )
    largest = max(done.differences.values())
    result = {
        "path": str(done.path),
        "format": options.to,
        "differences": dict(done.differences),
        "windows": done.windows,
        **done.about,
    }
    text = f"Written to {done.path}. Over {done.windows} windows it differs from the model by {largest:.1e} at most"
    emit(result, options.json, text)


def score_exported(options: argparse.Namespace) -> None:
    """Score recordings with an exported ONNX file through onnxruntime; torch is not imported."""
    import pandas as pd

    from core.detectors.series.exported import OnnxModel
    from core.detectors.series.model import aligned
    from core.store import atomic

    progress = console_progress()
    exported = OnnxModel(options.model)
    with opened(options, progress.part(0.0, 0.1)) as data:
        if not isinstance(data, SeriesSet):
            raise UserError("An exported model judges recordings", str(options.data), "Give recordings")
        data = aligned(data, tuple(Sensor(name) for name in exported.about["sensors"]))
        units = data.test().units or data.units
        frames = []
        for done, unit in enumerate(units):
            found = exported.score(np.asarray(unit.values))
            frames.append(
                pd.DataFrame(
                    {
                        "unit": unit.name,
                        "step": np.arange(len(unit)),
                        "time": unit.time,
                        "now": found.scores.score,
                        "surprise_now": found.surprise,
                    }
                )
            )
            progress.report(done + 1, len(units), "Scoring")
    with atomic.new_folder(options.out) as folder:
        pd.concat(frames, ignore_index=True).to_parquet(folder / "scores.parquet", index=False)
    steps = sum(len(frame) for frame in frames)
    result = {
        "path": str(options.out),
        "units": len(frames),
        "n_steps": steps,
        "threshold": exported.about["threshold_score"],
    }
    emit(result, options.json, f"{steps} steps scored, written to {options.out}")


def _recordings(options: argparse.Namespace, model: SeriesModel, member: Member) -> NDArray[np.float32]:
    """(b, t, D) readings to compare over: of ``--data``, or drawn around what training showed."""
    length = 2 * member.detector.context
    if options.data is None:
        return _drawn(model, member, length)
    with opened(options, Progress()) as data:
        if not isinstance(data, SeriesSet):
            raise UserError("An exported model judges recordings", str(options.data), "Give recordings")
        units = [unit for unit in model.prepared(data).units if len(unit) >= length]
    if not units:
        raise UserError(f"No recording has {length} steps to compare over", str(options.data), "Give longer ones")
    starts = [(unit, at) for unit in units for at in np.linspace(0, len(unit) - length, 8).astype(int)]
    chosen = [starts[index] for index in np.linspace(0, len(starts) - 1, min(COMPARED, len(starts))).astype(int)]
    return np.stack([np.asarray(unit.values[at : at + length]) for unit, at in chosen])  # noqa: PD011


def _drawn(model: SeriesModel, member: Member, length: int) -> NDArray[np.float32]:
    """Random walks in every sensor's usual range, the conditions at the settings of each regime in turn."""
    rng, scaler = np.random.default_rng(0), member.scaler
    values = np.zeros((COMPARED, length, len(model.sensors)), np.float32)
    for index in range(COMPARED):
        regime = index % scaler.n_regimes
        steps = np.cumsum(rng.standard_normal((length, len(scaler.signals))), axis=0) / np.sqrt(length)
        values[index][:, scaler.signals] = steps * scaler.scale[regime] + scaler.centre[regime]
        if scaler.conditions and scaler.settings.shape[1]:
            values[index][:, scaler.conditions] = scaler.settings[regime] * scaler.spread
    return values
