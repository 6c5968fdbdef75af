"""The VAE over windows of sensors as a detector: what it cannot redraw, or did not see coming, is anomalous."""

from __future__ import annotations

import hashlib
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
from core.detectors.series.samples import Samples, split
from core.detectors.series_vae.info import INFO, SeriesVaeParams
from core.detectors.series_vae.loss import active_units, kl_per_latent
from core.detectors.series_vae.model import SeriesVaeNetwork, compress, expand
from core.detectors.series_vae.scorer import Scorer
from core.detectors.series_vae.training import Trained, train
from core.detectors.state import load_tensors, save_tensors
from core.errors import UserError
from core.features.checkpoint import Checkpoint, fingerprint
from core.progress import Progress

LEAST_ACTIVE_SHARE = 1 / 16  # of the latent numbers, and at least one: below it the code has collapsed
# Of a part in held-out normals: that of half a squared standard normal number. Less means that the sensor hardly moves
# and its least scale is at work; a small stir of it would be blamed beyond measure.
MOST_CODES = 512  # windows that are looked at for it
LEAST_SPREAD = 0.5**0.5
SUMMARY = "training.json"


class SeriesVae(SeriesDetector):
    """``Scores.parts`` are each sensor's *excess* NLL: less its mean over held-out normals, in its spread there."""

    info: ClassVar[DetectorInfo] = INFO
    params: SeriesVaeParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._become(SeriesVaeNetwork(1, self.params), Usual.none(1))
        self._summary: dict[str, Any] = {}

    @property
    def context(self) -> int:
        return self.params.window + self.params.horizon

    @property
    def delay(self) -> int:
        return self.params.window - 1

    def fit(self, normals: Sequence[Signal], progress: Progress) -> None:
        samples = split(normals, self.context, self.seed)
        checkpoint = None
        if progress.scratch is not None:
            progress.scratch.mkdir(parents=True, exist_ok=True)
            hashes = [hashlib.sha256(np.ascontiguousarray(one).tobytes()).hexdigest() for one in normals]
            checkpoint = Checkpoint(progress.scratch, fingerprint(self.params.model_dump(), self.seed, hashes))
        trained = train(self.params, self.seed, samples, checkpoint, progress.part(0.0, 0.95))
        sensors = samples.values.shape[1]
        self._become(trained.network, Usual.none(sensors))
        active = self._active_units(samples)
        self._refuse_collapse(active, trained, samples)
        self._become(trained.network, usual_parts(self.stream, samples.held_out, self.context, LEAST_SPREAD))
        self._summary = self._summarise(trained, samples) | {"active_units": active}
        if checkpoint is not None:
            checkpoint.clear()
        progress.report(1, 1, "Training the network")

    def stream(self) -> ReconstructionStream:
        return ReconstructionStream(_compressed, self._judge, self.context, self.params.window, self._usual)

    @torch.inference_mode()
    def score_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        """(b, t, d) recordings of t steps to (b,) *now* scores of their last steps."""
        found = [self.torch_score(part).double().numpy() for part in self._batches(windows)]
        return np.concatenate([np.empty(0), *found])

    def torch_score(self, windows: Tensor) -> Tensor:
        """The same of a tensor (b, t, d), differentiable: (b,)."""
        return self.newest(*last_windows(windows, self.context))[0]

    def newest(self, windows: Tensor, measured: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Score (b,) and parts (b, d), not yet in excess, of the last step of windows (b, ``context``, d) without
        holes; ``measured`` is 1 where a value was read."""
        return self._scorer.newest(compress(windows), measured)

    @torch.inference_mode()
    def latents(self, windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and log-variance (b, latent) of the codes of the last windows of recordings (b, t, d)."""
        codes = [self._network.encode(self._prepared(part)) for part in self._batches(windows)]
        means, log_variances = ([pair[side].numpy() for pair in codes] for side in (0, 1))
        empty = np.empty((0, self.params.latent), np.float32)
        return np.concatenate([empty, *means]), np.concatenate([empty, *log_variances])

    @torch.inference_mode()
    def reconstruct(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The last ``window`` steps of recordings (b, t, d) redrawn, in scaled units like the input."""
        drawn = [
            expand(self._network.decode(self._network.encode(self._prepared(part))[0])).numpy()
            for part in self._batches(windows)
        ]
        return np.concatenate([np.empty((0, self.params.window, windows.shape[2]), np.float32), *drawn])

    def kl_per_latent(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(b, latent) nats that each number of the code carries of the last windows of recordings (b, t, d)."""
        mean, log_variance = (torch.from_numpy(one) for one in self.latents(windows))
        return np.asarray(kl_per_latent(mean, log_variance).numpy(), np.float32)

    def latent_slopes(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(b, latent) d score / d z of the *now* scores of recordings (b, t, d), at the mean of the code."""
        found = [np.empty((0, self.params.latent), np.float32)]
        for part in self._batches(windows):
            values, measured = last_windows(part, self.context)
            found.append(self._scorer.slopes(compress(values), measured).numpy())
        return np.concatenate(found)

    @property
    def network(self) -> SeriesVaeNetwork:
        """For exports; its weights ask for no gradient."""
        return self._network

    @property
    def usual(self) -> Usual:
        """What parts are measured against."""
        return self._usual

    def save(self, folder: Path) -> None:
        tensors = {f"network.{key}": value for key, value in self._network.state_dict().items()}
        usual = {key: torch.from_numpy(value) for key, value in self._usual.arrays().items()}
        save_tensors(folder, tensors | usual)
        (folder / SUMMARY).write_text(json.dumps(self._summary))

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        network = detector._network.state_dict()
        expected = {f"network.{key}": value.ndim for key, value in network.items()}
        tensors = load_tensors(folder, {**expected, **dict.fromkeys(USUAL, 1)})
        usual = Usual.of({key: tensors[key].numpy() for key in USUAL})
        try:
            found = SeriesVaeNetwork(usual.width, detector.params)
            found.load_state_dict({key: tensors[f"network.{key}"] for key in network})
            detector._summary = json.loads((folder / SUMMARY).read_text())
        except (RuntimeError, OSError, ValueError) as error:
            raise UserError("The model's state does not fit its parameters", str(folder), "Train it again") from error
        detector._become(found, usual)
        return detector

    def provenance(self) -> dict[str, Any]:
        return self._summary

    def _become(self, network: SeriesVaeNetwork, usual: Usual) -> None:
        self._network, self._usual = network.eval().requires_grad_(False), usual
        self._scorer = Scorer(network, self.params)

    @torch.inference_mode()
    def _judge(self, windows: Signal, measured: NDArray[np.bool_] | None) -> Judged:
        known = None if measured is None else torch.from_numpy(measured).float()
        found = self._scorer(torch.from_numpy(np.ascontiguousarray(windows)), known)
        steps = torch.cat([found.score[..., None], found.parts], dim=2).numpy()
        if found.forecast_score is None:
            return Judged(steps)
        return Judged(steps, torch.cat([found.forecast_score[:, None], found.forecast_parts], dim=1).numpy())

    def _prepared(self, windows: Tensor) -> Tensor:
        """What the network takes of windows (b, t, d): the last ``window`` steps."""
        return compress(last_windows(windows, self.params.window)[0])

    @staticmethod
    def _batches(windows: NDArray[np.float32]) -> list[Tensor]:
        return list(torch.split(torch.from_numpy(np.ascontiguousarray(windows, np.float32)), BATCH))

    def _active_units(self, samples: Samples) -> int:
        """Over all normals: the held-out pieces of a short recording may all lie where nothing moves."""
        starts = np.sort(np.concatenate([samples.learn, samples.check]))
        chosen = starts[np.linspace(0, len(starts) - 1, min(len(starts), MOST_CODES)).astype(int)]
        mean, log_variance = (torch.from_numpy(one) for one in self.latents(samples.windows(chosen)[0]))
        return active_units(mean, kl_per_latent(mean, log_variance))

    def _refuse_collapse(self, active: int, trained: Trained, samples: Samples) -> None:
        """An unused code redraws the same for every window: such a model sees levels, never correlations."""
        if samples.values.std(axis=0).max() < self.params.scale_floor:
            return  # nothing moves: there is nothing to tell apart, and any move will show
        least = max(1, round(LEAST_ACTIVE_SHARE * self.params.latent))
        if active < least:
            raise UserError(
                f"The VAE uses {active} of its {self.params.latent} latent numbers (posterior collapse), at least "
                f"{least} must be in use",
                f"KL {trained.check.kl:.2f} nats on held-out normals after {trained.steps} steps",
                "Lower β, raise the free bits or the work limit; where sensors are mere noise, choose PCA",
            )

    def _summarise(self, trained: Trained, samples: Samples) -> dict[str, Any]:
        return {
            "steps": trained.steps,
            "best_step": trained.best_step,
            "validation_loss": trained.check.loss,
            "kl": trained.check.kl,
            "latent": self.params.latent,
            "windows_fitted": len(samples.learn),
            "steps_held_out_for_early_stopping": sum(len(one) for one in samples.held_out),
            "scales": self._network.scale().tolist(),
        }


def _compressed(steps: Signal) -> Signal:
    return np.asarray(compress(torch.from_numpy(np.ascontiguousarray(steps))).numpy())
