"""USAD as a detector: what two autoencoders, trained against each other, cannot redraw is anomalous."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.detectors.base import DetectorInfo, Params
from core.detectors.series.contract import SeriesDetector, Signal
from core.detectors.series.holes import last_windows
from core.detectors.series.reconstruction import BATCH, USUAL, Judged, ReconstructionStream, Usual, usual_parts
from core.detectors.series.samples import split
from core.detectors.state import load_tensors, save_tensors
from core.detectors.usad.info import INFO, UsadParams
from core.detectors.usad.model import UsadNetwork, bounded
from core.detectors.usad.training import train
from core.errors import UserError
from core.progress import Progress

LEAST_SPREAD = 1e-4  # of a part in held-out normals: about the error that a twentieth of a usual spread makes
SUMMARY = "training.json"


class Usad(SeriesDetector):
    """A step's score is the mean over its sensors of the weighted squared errors; ``Scores.parts`` are each sensor's
    error less its mean over held-out normals, in its spread there."""

    info: ClassVar[DetectorInfo] = INFO
    params: UsadParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._become(self._blank(1), Usual.none(1))
        self._summary: dict[str, Any] = {}

    @property
    def context(self) -> int:
        return self.params.window

    @property
    def delay(self) -> int:
        return self.params.window - 1

    def fit(self, normals: Sequence[Signal], progress: Progress) -> None:
        samples = split(normals, self.context, self.seed)
        trained = train(self.params, self.seed, samples, progress)
        self._become(trained.network, Usual.none(samples.values.shape[1]))
        self._become(trained.network, usual_parts(self.stream, samples.held_out, self.context, LEAST_SPREAD))
        self._summary = {
            "epochs": trained.epochs,
            "best_epoch": trained.best_epoch,
            "validation_score": trained.validation_score,
            "windows_fitted": len(samples.learn),
            "steps_held_out": sum(len(one) for one in samples.held_out),
        }

    def stream(self) -> ReconstructionStream:
        return ReconstructionStream(_bounded, self._judge, self.context, self.context, self._usual)

    @torch.inference_mode()
    def score_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        batches = torch.split(torch.from_numpy(np.ascontiguousarray(windows, np.float32)), BATCH)
        return np.concatenate([np.empty(0), *(self.torch_score(part).numpy() for part in batches)])

    def torch_score(self, windows: Tensor) -> Tensor:
        """(b, t, d) recordings of t steps to (b,) *now* scores of their last steps, differentiable."""
        return self.newest(*last_windows(windows, self.context))[0]

    def newest(self, windows: Tensor, measured: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Score (b,) and errors (b, d) of the last step of scaled windows (b, ``context``, d) without holes."""
        score, errors = self._scored(bounded(windows.double()), measured)
        return score[:, -1], errors[:, -1]

    @property
    def network(self) -> UsadNetwork:
        """For exports; its weights ask for no gradient."""
        return self._network

    @property
    def usual(self) -> Usual:
        """What parts are measured against."""
        return self._usual

    def save(self, folder: Path) -> None:
        tensors = {f"network.{key}": value.float() for key, value in self._network.state_dict().items()}
        usual = {key: torch.from_numpy(value) for key, value in self._usual.arrays().items()}
        save_tensors(folder, tensors | usual)
        (folder / SUMMARY).write_text(json.dumps(self._summary))

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        expected = {f"network.{key}": value.ndim for key, value in detector._network.state_dict().items()}
        tensors = load_tensors(folder, {**expected, **dict.fromkeys(USUAL, 1)})
        usual = Usual.of({key: tensors[key].numpy() for key in USUAL})
        try:
            network = detector._blank(usual.width)
            network.load_state_dict({key: tensors[f"network.{key}"] for key in network.state_dict()})
            detector._summary = json.loads((folder / SUMMARY).read_text())
        except (RuntimeError, OSError, ValueError) as error:
            raise UserError("The model's state does not fit its parameters", str(folder), "Train it again") from error
        detector._become(network, usual)
        return detector

    def provenance(self) -> dict[str, Any]:
        return self._summary

    def _blank(self, sensors: int) -> UsadNetwork:
        return UsadNetwork(sensors, self.params.window, self.params.latent)

    def _become(self, network: UsadNetwork, usual: Usual) -> None:
        # Where a sensor is redrawn almost exactly, single precision leaves a residual of rounding, which depends on how
        # many windows are judged at a time.
        self._network, self._usual = network.double().eval().requires_grad_(False), usual

    def _scored(self, windows: Tensor, measured: Tensor | None) -> tuple[Tensor, Tensor]:
        """Scores (b, t) and errors (b, t, d) of bounded windows."""
        errors = self._network.errors(windows, self.params.alpha)
        if measured is None:
            return errors.mean(2), errors
        errors = errors * measured
        return errors.sum(2) / measured.sum(2).clamp_min(1), errors

    @torch.inference_mode()
    def _judge(self, windows: Signal, measured: NDArray[np.bool_] | None) -> Judged:
        known = None if measured is None else torch.from_numpy(measured).float()
        score, errors = self._scored(torch.from_numpy(windows.astype(np.float64)), known)
        return Judged(torch.cat([score[..., None], errors], dim=2).numpy())


def _bounded(steps: Signal) -> Signal:
    return np.asarray(bounded(torch.from_numpy(steps.astype(np.float64))).numpy())
