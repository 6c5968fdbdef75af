"""What loop methods minimise, and how they choose and move what they replay. Tensors in, tensors out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from core.continual.cvar import tail_loss
from core.continual.methods.options import Learner
from core.continual.network import FusionNetwork
from core.continual.types import Array

SGLD_STEP = 1e-4  # of memory evolution, its paper's default
SGLD_STEPS = 5
SGLD_GAMMA = 0.2  # weight of staying near the stored sample


Part = tuple[Tensor, Tensor, Tensor]  # inputs (n, width), mask (n, modalities), what is wanted (n,)


@dataclass
class Plan:
    """What takes part in a step beside the stream: ``matched`` wants remembered logits, ``replayed`` (moved or not) and
    ``raw`` want labels, ``tail`` holds severities of all critical anomalies in memory."""

    matched: Part | None = None
    replayed: Part | None = None
    raw: Part | None = None
    tail: Part | None = None
    level: float = 0.0

    def parts(self) -> list[tuple[Tensor, Tensor]]:
        """Inputs and masks of all that is there, in order."""
        return [one[:2] for one in (self.matched, self.replayed, self.raw, self.tail) if one is not None]

    def loss(self, logits: list[Tensor], options: Learner) -> Tensor:
        """The part of the loss that these logits, one tensor for each of `parts`, stand for."""
        total, left = torch.zeros(()), list(logits)
        if self.matched is not None:
            total = total + options.logit_weight * (left.pop(0) - self.matched[2]).square().mean()
        if self.replayed is not None:
            moved = left.pop(0)
            weight = options.label_weight * options.evolved_weight
            total = total + weight * cross_entropy(moved, self.replayed[2]).mean()
            if self.raw is not None:
                plain = left.pop(0)
                if options.raw_too:
                    total = total + cross_entropy(plain, self.raw[2]).mean()
                total = total + options.divergence_weight * divergence(plain, moved).mean()
        if self.tail is not None:
            losses = self.tail[2] * F.softplus(-left.pop(0))
            total = total + options.tail_weight * tail_loss(losses, self.level)
        return total


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """(n,) losses of logits (n,) against labels (n,) of 0 and 1."""
    return F.binary_cross_entropy_with_logits(logits, label, reduction="none")


def divergence(logits: Tensor, moved: Tensor) -> Tensor:
    """(n,) Jensen-Shannon divergence in nats of the two verdicts that logits stand for."""
    first, second = torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6), torch.sigmoid(moved).clamp(1e-6, 1 - 1e-6)
    middle = (first + second) / 2
    return _entropy(middle) - (_entropy(first) + _entropy(second)) / 2


def _entropy(p: Tensor) -> Tensor:
    return -(p * p.log() + (1 - p) * (1 - p).log())


def hardness(network: FusionNetwork, inputs: Tensor, mask: Tensor, label: Tensor) -> tuple[Array, Array]:
    """Each sample's loss (n,) and its gradient (n, width): where it would be harder."""
    values = inputs.clone().requires_grad_()
    loss = cross_entropy(network(values, mask), label)
    (gradient,) = torch.autograd.grad(loss.sum(), values)
    return np.asarray(loss.detach().cpu().numpy(), np.float32), np.asarray(gradient.cpu().numpy(), np.float32)


def evolved(network: FusionNetwork, inputs: Tensor, mask: Tensor, label: Tensor, rng: np.random.Generator) -> Tensor:
    """Harder copies of inputs (n, width) by stochastic gradient Langevin steps that *ascend* ``CE - gamma |z - x|^2``
    (Wang et al., ICML 2022; their published step descends it, which this corrects)."""
    moved = inputs.clone()
    for _ in range(SGLD_STEPS):
        values = moved.detach().requires_grad_()
        gain = cross_entropy(network(values, mask), label).sum() - SGLD_GAMMA * (values - inputs).square().sum()
        (gradient,) = torch.autograd.grad(gain, values)
        noise = torch.from_numpy(rng.standard_normal(tuple(inputs.shape), np.float32)).to(inputs.device)
        moved = values.detach() + SGLD_STEP * gradient + (2 * SGLD_STEP) ** 0.5 * noise
    return moved


def interference(
    network: FusionNetwork, loss: Tensor, rate: float, inputs: Tensor, mask: Tensor, label: Tensor
) -> Tensor:
    """(n,) by how much one gradient step on ``loss`` would raise the loss of each candidate (Aljundi et al., 2019)."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True)
    ahead = {name: (value - rate * g).detach() for name, value, g in zip(names, parameters, gradients, strict=True)}
    with torch.no_grad():
        now = cross_entropy(network(inputs, mask), label)
        then = cross_entropy(functional_call(network, ahead, (inputs, mask)), label)
    return then - now
