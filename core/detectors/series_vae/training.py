"""Training the network: a pure function of windows, parameters and seed, wherever it was interrupted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.detectors.series.samples import Samples, Starts
from core.detectors.series_vae.info import SeriesVaeParams
from core.detectors.series_vae.loss import active_units, freed, gaussian_nll, kl_per_latent
from core.detectors.series_vae.model import SeriesVaeNetwork, compress
from core.errors import UserError
from core.features.checkpoint import Checkpoint, Standing
from core.progress import Progress

ROUND = 50  # optimisation steps between two looks at the held-out normals
CHECKED = 1024  # held-out windows looked at, evenly spaced
LARGEST_GRADIENT = 5.0  # norm; a spike in the data must not throw the network far
HIDDEN_SENSORS = 0.3  # pretraining hides a stretch of so many sensors…
HIDDEN_SHARE = 0.5  # …each at most this share of the window
SECONDS_BETWEEN_CHECKPOINTS = 5.0
STAGE = "Training the network"


@dataclass(frozen=True)
class Check:
    """The network on held-out normals: negative ELBO in nats per value, KL in nats per window, from the code's mean."""

    loss: float
    kl: float
    active_units: int


@dataclass(frozen=True)
class Trained:
    """The network as it was when it did best on the held-out normals, and how training went."""

    network: SeriesVaeNetwork
    steps: int
    best_step: int
    check: Check


def train(
    params: SeriesVaeParams, seed: int, samples: Samples, checkpoint: Checkpoint | None, progress: Progress
) -> Trained:
    """Minimise the negative ELBO; stop when the held-out windows have not improved for ``patience`` checks.

    Bounded by optimisation steps, not by a clock: the result must not depend on how fast the machine is.
    """
    torch.manual_seed(seed)
    network = SeriesVaeNetwork(samples.values.shape[1], params)
    optimiser = torch.optim.Adam(network.parameters(), lr=params.learning_rate, fused=True)
    chosen = np.linspace(0, len(samples.check) - 1, min(len(samples.check), CHECKED)).astype(int)
    held_out = samples.check[chosen]
    standing, best = Standing(), _copy(network)
    if checkpoint is not None and (found := checkpoint.resume(network, optimiser)) is not None:
        standing, best = found
        progress.log(f"Training resumes after step {standing.epoch * ROUND} of {params.steps}")
    rounds, written = math.ceil(params.steps / ROUND), time.monotonic()
    pretrained = math.ceil(params.pretraining * params.steps / ROUND)
    while standing.epoch < rounds:
        if standing.best_epoch and standing.epoch - standing.best_epoch >= params.patience:
            progress.log(f"Stopped after step {standing.epoch * ROUND}: the held-out normals no longer improved")
            break
        guess = standing.epoch < pretrained
        loss = _Round(params, seed, standing.epoch, guess).learn(network, optimiser, samples, progress)
        standing.epoch += 1
        check = evaluate(network, params, samples, held_out)
        if not math.isfinite(check.loss):
            raise UserError(
                "Training diverged: the loss is no longer a number",
                f"step {standing.epoch * ROUND}, learning rate {params.learning_rate:g}",
                "Train again with a lower learning rate",
            )
        if not guess and check.loss < standing.best:
            standing.best, standing.best_epoch, best = check.loss, standing.epoch, _copy(network)
        if checkpoint is not None and time.monotonic() - written >= SECONDS_BETWEEN_CHECKPOINTS:
            checkpoint.write(standing, network, optimiser, best)
            written = time.monotonic()
        figures = {"train_loss": loss, "val_loss": check.loss, "kl": check.kl, "active_units": check.active_units}
        progress.report(standing.epoch, rounds, STAGE, **figures)
    network.load_state_dict(best)
    network.eval().requires_grad_(False)
    at_best = evaluate(network, params, samples, held_out)
    return Trained(network, min(standing.epoch * ROUND, params.steps), standing.best_epoch * ROUND, at_best)


@torch.inference_mode()
def evaluate(network: SeriesVaeNetwork, params: SeriesVaeParams, samples: Samples, starts: Starts) -> Check:
    """How the network does on the windows ``starts``."""
    losses, divergences, means = 0.0, [], []
    for first in range(0, len(starts), params.batch_size):
        values, measured = _tensors(samples, starts[first : first + params.batch_size])
        current = values[:, : params.window]
        mean, log_variance = network.encode(current)
        kl = kl_per_latent(mean, log_variance)
        nll = _nll(network, values, measured, mean)
        losses += float(nll + params.beta * kl.sum(1).mean() / current[0].numel()) * len(values)
        divergences.append(kl)
        means.append(mean)
    kl = torch.cat(divergences)
    return Check(losses / len(starts), float(kl.sum(1).mean()), active_units(torch.cat(means), kl))


@dataclass(frozen=True)
class _Round:
    """The steps between two checks. Their windows and noise follow from seed and number alone."""

    params: SeriesVaeParams
    seed: int
    number: int
    guess: bool  # pretraining: hidden stretches are guessed from the rest

    def learn(
        self, network: SeriesVaeNetwork, optimiser: torch.optim.Optimizer, samples: Samples, progress: Progress
    ) -> float:
        """The mean training loss."""
        generator = np.random.default_rng([self.seed, self.number])
        noise = torch.Generator().manual_seed(int(generator.integers(2**62)))
        losses = []
        for step in self._steps():
            progress.report(step, self.params.steps, STAGE)
            share = step / self.params.steps
            for group in optimiser.param_groups:
                group["lr"] = self.params.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
            starts = samples.learn[generator.integers(len(samples.learn), size=self.params.batch_size)]
            values, measured = _tensors(samples, starts)
            loss = (
                self._guessing(network, values, measured, noise)
                if self.guess
                else self._elbo(network, values, measured, noise, share)
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
            optimiser.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    def _steps(self) -> range:
        return range(self.number * ROUND, min((self.number + 1) * ROUND, self.params.steps))

    def _elbo(
        self, network: SeriesVaeNetwork, values: Tensor, measured: Tensor | None, noise: torch.Generator, share: float
    ) -> Tensor:
        current = values[:, : self.params.window]
        mean, log_variance = network.encode(current)
        codes = mean + (0.5 * log_variance).exp() * torch.randn(mean.shape, generator=noise)
        price = freed(kl_per_latent(mean, log_variance), self.params.free_bits) / current[0].numel()
        # β grows from zero, so that the code is in use before it is priced (Bowman et al., 2016).
        learned = (share - self.params.pretraining) / max(1 - self.params.pretraining, 1e-9)
        beta = self.params.beta * (min(1.0, learned / self.params.warm_up) if self.params.warm_up else 1.0)
        return _nll(network, values, measured, codes) + beta * price

    def _guessing(
        self, network: SeriesVaeNetwork, values: Tensor, measured: Tensor | None, noise: torch.Generator
    ) -> Tensor:
        """Masked reconstruction: the error on what the network was not shown."""
        current = values[:, : self.params.window]
        hidden = hide(len(current), self.params.window, current.shape[2], noise)
        drawn = network.decode(network.encode(current * (1 - hidden))[0])
        judged = hidden if measured is None else hidden * measured[:, : self.params.window]
        error = gaussian_nll(current - drawn, network.scale())
        return (error * judged).sum() / judged.sum().clamp_min(1)


def hide(batch: int, window: int, sensors: int, noise: torch.Generator) -> Tensor:
    """(b, t, d), 1 where a value is to be hidden: one stretch of some sensors of each window."""
    shape = (batch, 1, sensors)
    length = torch.rand(shape, generator=noise) * HIDDEN_SHARE * window
    start = torch.rand(shape, generator=noise) * (window - length)
    place = torch.arange(window)[None, :, None]
    chosen = torch.rand(shape, generator=noise) < HIDDEN_SENSORS
    return (chosen & (place >= start) & (place < start + length)).float()


def _nll(network: SeriesVaeNetwork, values: Tensor, measured: Tensor | None, codes: Tensor) -> Tensor:
    """Nats per measured value, of the window and of the steps forecast from its code, each step weighing the same."""
    window = network.window
    error = gaussian_nll(values[:, :window] - network.decode(codes), network.scale())
    if network.horizon:
        ahead = gaussian_nll(values[:, window:] - network.forecast(codes), network.forecast_scale())
        error = torch.cat([error, ahead], dim=1)
    if measured is None:
        return error.mean()
    return (error * measured).sum() / measured.sum().clamp_min(1)


def _tensors(samples: Samples, starts: Starts) -> tuple[Tensor, Tensor | None]:
    values, measured = samples.windows(starts)
    known = None if measured is None else torch.from_numpy(measured).float()
    return compress(torch.from_numpy(values)), known


def _copy(network: SeriesVaeNetwork) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}
