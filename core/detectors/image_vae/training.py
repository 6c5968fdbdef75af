"""Training the network: a pure function of images, parameters and seed, wherever it was interrupted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.detectors.image_vae.augment import augment
from core.detectors.image_vae.info import ImageVaeParams
from core.detectors.image_vae.loss import active_units, elbo
from core.detectors.image_vae.model import ConvVae
from core.detectors.image_vae.pixels import ImagePool, as_tensor
from core.errors import UserError
from core.features.checkpoint import Checkpoint, Standing
from core.progress import Progress

EPOCH = 1000  # images in an epoch at most: of a larger set each epoch shows another random part
CHECK_EVERY = 250  # images shown between two looks at the held-out normals; small sets are not looked at every epoch
SECONDS_BETWEEN_CHECKPOINTS = 20.0  # one of the default network is some 300 MB
STAGE = "Training the network"


@dataclass(frozen=True)
class Trained:
    """The network as it was when it did best on the held-out normals, and how training went."""

    network: ConvVae
    standing: Standing
    epochs_planned: int


def train(
    params: ImageVaeParams,
    seed: int,
    pool: ImagePool,
    held_out: ImagePool,
    checkpoint: Checkpoint | None,
    progress: Progress,
) -> Trained:
    """Minimise the negative ELBO over ``pool``; stop when ``held_out`` has not improved for ``patience`` checks.

    Learning rate: a cosine from its start to zero over all planned epochs. The work is bounded by images shown, not by
    a clock: the result must not depend on how fast the machine is.
    """
    torch.manual_seed(seed)
    network = ConvVae(params.width, params.latent).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=params.learning_rate, fused=True)
    shown = min(len(pool), EPOCH)
    epochs = max(1, min(params.epochs, params.image_passes // shown))
    check_every = max(1, round(CHECK_EVERY / shown))
    standing, best = Standing(), _copy(network)
    if checkpoint is not None and (found := checkpoint.resume(network, optimiser)) is not None:
        standing, best = found
        progress.log(f"Training resumes after epoch {standing.epoch} of {epochs}")
    written = time.monotonic()
    while standing.epoch < epochs:
        checks_since_best = (standing.epoch - standing.best_epoch) // check_every
        if standing.best_epoch and checks_since_best >= params.patience:
            progress.log(
                f"Stopped after epoch {standing.epoch}: the held-out normals were best at {standing.best_epoch}"
            )
            break
        run = _Epoch(params, seed, standing.epoch, epochs)
        train_loss = run.learn(network, optimiser, pool, progress)
        standing.epoch += 1
        if standing.epoch % check_every and standing.epoch != epochs:
            continue
        check = evaluate(network, held_out, params.batch_size, params.beta)
        if not math.isfinite(check.loss):
            raise UserError(
                "Training diverged: the loss is no longer a number",
                f"epoch {standing.epoch}, learning rate {params.learning_rate:g}",
                "Train again with a lower learning rate",
            )
        if check.loss < standing.best:
            standing.best, standing.best_epoch, best = check.loss, standing.epoch, _copy(network)
        figures = {"train_loss": train_loss, "val_loss": check.loss, "kl": check.kl, "active_units": check.active_units}
        if checkpoint is not None and time.monotonic() - written >= SECONDS_BETWEEN_CHECKPOINTS:
            checkpoint.write(standing, network, optimiser, best)
            written = time.monotonic()
        progress.report(standing.epoch, epochs, STAGE, **figures)
    network.load_state_dict(best)
    return Trained(network.eval(), standing, epochs)


@dataclass(frozen=True)
class Check:
    """How the network does on images that it does not learn from; ``active_units`` of their codes."""

    loss: float
    kl: float
    active_units: float


def evaluate(network: ConvVae, pool: ImagePool, batch: int, beta: float) -> Check:
    """Loss from the mean of each code, without chance."""
    network.eval()
    losses, divergences, means, count = 0.0, 0.0, [], 0
    with torch.inference_mode():
        for pixels in pool.batches(range(len(pool)), batch):
            images = as_tensor(pixels)
            mean, log_variance = network.encode(images)
            terms = elbo(images, network.decode(mean), mean, log_variance, beta)
            losses += float(terms.loss) * len(images)
            divergences += float(terms.kl) * len(images)
            means.append(mean)
            count += len(images)
    return Check(losses / count, divergences / count, float(active_units(torch.cat(means))))


@dataclass(frozen=True)
class _Epoch:
    """One epoch. Its order, changes and noise follow from seed and number alone."""

    params: ImageVaeParams
    seed: int
    number: int
    planned: int

    def learn(self, network: ConvVae, optimiser: torch.optim.Optimizer, pool: ImagePool, progress: Progress) -> float:
        """Show the images of this epoch; the mean training loss."""
        network.train()
        generator = np.random.default_rng([self.seed, self.number])
        noise = torch.Generator().manual_seed(int(generator.integers(2**62)))
        order = generator.permutation(len(pool))[:EPOCH].tolist()
        total, shown = 0.0, 0
        for pixels in pool.batches(order, self.params.batch_size):
            done = self.number + shown / len(order)
            self._set_rate(optimiser, done / self.planned)
            images = as_tensor(augment(pixels, generator) if self.params.augmentation else pixels)
            epsilon = torch.randn(len(images), self.params.latent, generator=noise)
            redrawn, mean, log_variance = network(images, epsilon)
            loss = elbo(images, redrawn, mean, log_variance, self._beta(done / self.planned)).loss
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            total += loss.item() * len(images)
            shown += len(images)
            progress.report(self.number + shown / len(order), self.planned, STAGE)
        return total / shown

    def _set_rate(self, optimiser: torch.optim.Optimizer, share: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = self.params.learning_rate * 0.5 * (1 + math.cos(math.pi * share))

    def _beta(self, share: float) -> float:
        """The KL weight grows from zero, so that the code is in use before it is priced (Bowman et al., 2016)."""
        return self.params.beta * min(1.0, share / self.params.warm_up) if self.params.warm_up else self.params.beta


def _copy(network: ConvVae) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}
