"""The two-phase training of the paper: AE1 learns to redraw so well that AE2 cannot tell, AE2 learns to tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.detectors.series.samples import Samples, Starts
from core.detectors.usad.info import UsadParams
from core.detectors.usad.model import UsadNetwork, bounded
from core.errors import UserError
from core.progress import Progress

CHECKED = 1024  # held-out windows looked at after each epoch, evenly spaced
STAGE = "Training both autoencoders"


@dataclass(frozen=True)
class Trained:
    """The network after the epoch in which held-out normals scored lowest, on average ``validation_score``."""

    network: UsadNetwork
    epochs: int
    best_epoch: int
    validation_score: float


def train(params: UsadParams, seed: int, samples: Samples, progress: Progress) -> Trained:
    """Train until held-out normals no longer score lower.

    The paper trains for a number of epochs tuned per dataset. From the third epoch on the second loss rewards AE2 more
    for spoiling than for redrawing, and it may then spoil normals as well: the held-out ones tell when.
    """
    torch.manual_seed(seed)
    network = UsadNetwork(samples.values.shape[1], params.window, params.latent)
    shared = list(network.encoder.parameters())
    first = torch.optim.Adam([*shared, *network.first.parameters()], lr=params.learning_rate, fused=True)
    second = torch.optim.Adam([*shared, *network.second.parameters()], lr=params.learning_rate, fused=True)
    check = samples.check[np.linspace(0, len(samples.check) - 1, min(len(samples.check), CHECKED)).astype(int)]
    epoch, best_epoch, lowest, best = 0, 0, math.inf, _copy(network)
    while epoch < params.epochs and epoch - best_epoch < params.patience:
        epoch += 1
        generator = np.random.default_rng([seed, epoch])
        losses = np.zeros(2)
        for step in range(params.epoch_steps):
            starts = samples.learn[generator.integers(len(samples.learn), size=params.batch_size)]
            windows, measured = _tensors(samples, starts)
            losses[0] += _step(first, first_loss(network, windows, measured, epoch))
            losses[1] += _step(second, second_loss(network, windows, measured, epoch))
            progress.report(epoch - 1 + (step + 1) / params.epoch_steps, params.epochs, STAGE)
        score = _score(network, params, samples, check)
        if not math.isfinite(score):
            raise UserError(
                "Training diverged: the loss is no longer a number",
                f"epoch {epoch}, learning rate {params.learning_rate:g}",
                "Train again with a lower learning rate",
            )
        if score < lowest:
            lowest, best_epoch, best = score, epoch, _copy(network)
        figures = {"loss_1": losses[0] / params.epoch_steps, "loss_2": losses[1] / params.epoch_steps}
        progress.report(epoch, params.epochs, STAGE, **figures, val_score=score)
    network.load_state_dict(best)
    return Trained(network.eval().requires_grad_(False), epoch, best_epoch, lowest)


def first_loss(network: UsadNetwork, windows: Tensor, measured: Tensor | None, epoch: int) -> Tensor:
    """Equation 9: redraw well, and so that AE2 redraws it well again."""
    once = network.redrawn(windows)
    plain, again = _error(windows, once, measured), _error(windows, network.judged(once), measured)
    return plain / epoch + (1 - 1 / epoch) * again


def second_loss(network: UsadNetwork, windows: Tensor, measured: Tensor | None, epoch: int) -> Tensor:
    """Equation 10: redraw the real well, what AE1 has redrawn badly."""
    plain = _error(windows, network.judged(windows), measured)
    again = _error(windows, network.judged(network.redrawn(windows)), measured)
    return plain / epoch - (1 - 1 / epoch) * again


def _error(windows: Tensor, drawn: Tensor, measured: Tensor | None) -> Tensor:
    """Mean squared error over what was measured."""
    error = (windows - drawn).square()
    return error.mean() if measured is None else (error * measured).sum() / measured.sum().clamp_min(1)


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.item()


@torch.inference_mode()
def _score(network: UsadNetwork, params: UsadParams, samples: Samples, starts: Starts) -> float:
    windows, measured = _tensors(samples, starts)
    errors = network.errors(windows, params.alpha)
    return float(errors.mean() if measured is None else (errors * measured).sum() / measured.sum().clamp_min(1))


def _tensors(samples: Samples, starts: Starts) -> tuple[Tensor, Tensor | None]:
    values, measured = samples.windows(starts)
    return bounded(torch.from_numpy(values)), None if measured is None else torch.from_numpy(measured).float()


def _copy(network: UsadNetwork) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}
