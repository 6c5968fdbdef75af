"""The training loop: a pure function of configuration, photographs and teacher, wherever it was interrupted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import Cancelled, UserError
from core.features.backbones import load_backbone
from core.features.backbones_info import BUNDLED
from core.features.checkpoint import Checkpoint, Standing, fingerprint
from core.features.compact import Shape, from_weights
from core.features.distill.config import DistillConfig
from core.features.distill.crops import Photographs
from core.features.distill.losses import LOSSES, averaged
from core.features.distill.teacher import Teacher, as_input, half_precision, measured
from core.features.resnet import Stages
from core.progress import Progress

MEASURED_ON = 16  # batches that give the variances of the teacher's channels
CHECK_EVERY = 250  # steps between two looks at the photographs held out
SECONDS_BETWEEN_CHECKPOINTS = 30.0
STAGE = "Imitating the teacher"
# All but the first two are shares of variance not explained: of photographs held out, and of textures held out.
FIGURES = ("step", "train_loss", "val_loss", "stage2_loss", "stage3_loss", "texture_loss")
CURVE, RECENT = "curve", "recent"  # among the tensors of a checkpoint: its rows, and the losses since the last one


@dataclass(frozen=True)
class Distilled:
    """The student with the running mean of its weights, and how its training went."""

    network: Stages
    teacher_sha256: str
    steps: int  # done
    curve: list[dict[str, float]]  # rows of ``FIGURES``
    seconds: float  # of the last attempt


def distil(
    config: DistillConfig,
    photographs: Photographs,
    progress: Progress,
    *,
    folder: Path | None = None,
    minutes: float | None = None,
) -> Distilled:
    """Train the student; ``folder`` keeps checkpoints from which an interrupted run goes on to the same weights.

    With ``minutes`` the learning rate falls with the clock where that is faster than by steps, and training ends when
    they are over: such a run makes the most of its time and cannot be repeated to the bit.
    Raises UserError where the teacher, the device or weights of the asked shape are missing, or training diverges.
    """
    clock = _Clock(minutes)
    if config.device == "cuda" and not torch.cuda.is_available():
        raise UserError("There is no CUDA device here", "device cuda", "Choose the device cpu")
    progress.report(0, 1, "Loading the teacher")
    loaded = load_backbone("resnet18")
    network = _student(config).to(config.device).to(memory_format=torch.channels_last)
    sample = photographs.batches(config, 0, MEASURED_ON)
    teacher = measured(loaded, sample, config.architecture.outputs, config.device)
    checkpoint = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        images = [item.sha256 for item in (*photographs.learnt, *photographs.held_out)]
        settings = config.model_dump(mode="json")
        checkpoint = Checkpoint(folder, fingerprint(settings, config.seed, [loaded.sha256, *images]))
    run = _Run(config, photographs, teacher, network, checkpoint, clock)
    run.resume(progress)
    run.learn(progress)
    curve = [dict(zip(FIGURES, row, strict=True)) for row in run.curve.tolist()]
    return Distilled(run.averaged(), loaded.sha256, run.standing.epoch, curve, clock.seconds())


def _student(config: DistillConfig) -> Stages:
    """The network that training begins with."""
    torch.manual_seed(config.seed)
    network = Shape(**config.architecture.model_dump()).network()
    if config.start == "bundled":
        own = network.state_dict()
        bundled = from_weights(load_file(BUNDLED))[0].state_dict()
        taken = {key: value for key, value in bundled.items() if key in own and own[key].shape == value.shape}
        # A layer left out changes what later ones see, too: the statistics of their norms would be another network's.
        other = (own.keys() | bundled.keys()) - taken.keys()
        if config.norms == "frozen" and other:
            raise UserError(
                "The bundled backbone has another shape than the one asked for, whose norms know no statistics yet",
                ", ".join(sorted({key.rpartition(".")[0].removeprefix("trunk.") for key in other})),
                "Let the norms be learnt, or ask for the same shape",
            )
        network.load_state_dict(taken, strict=False)
    return network


class _Run:
    """One distillation under way."""

    def __init__(
        self,
        config: DistillConfig,
        photographs: Photographs,
        teacher: Teacher,
        network: Stages,
        checkpoint: Checkpoint | None,
        clock: _Clock,
    ) -> None:
        self.config, self.photographs, self.teacher, self.network = config, photographs, teacher, network
        self.checkpoint, self.clock = checkpoint, clock
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.mean = {key: value.clone() for key, value in network.state_dict().items()}
        self.standing, self.curve, self.recent = Standing(), torch.empty(0, len(FIGURES)), torch.empty(0)
        self.held_out = photographs.held_out_crops(config.size)
        self.textures = photographs.held_out_textures(config.size)

    def resume(self, progress: Progress) -> None:
        """Go on from the checkpoint where there is one."""
        found = self.checkpoint.resume(self.network, self.optimiser) if self.checkpoint else None
        if found is not None:
            self.standing, kept = found
            self.curve, self.recent = kept.pop(CURVE), kept.pop(RECENT)
            self.mean = {key: value.to(self.teacher.device) for key, value in kept.items()}
            progress.log(f"Training resumes after step {self.standing.epoch} of {self.config.steps}")

    def learn(self, progress: Progress) -> None:
        """All steps that are still to be done. A run that is stopped loses nothing."""
        steps, written = self.config.steps, time.monotonic()
        try:
            for pixels in self.photographs.batches(self.config, self.standing.epoch, steps):
                self.recent = torch.cat([self.recent, self._step(pixels).cpu().view(1)])
                done = self.standing.epoch = self.standing.epoch + 1
                over = done == steps or self.clock.share() >= 1
                figures = self._look() if done % CHECK_EVERY == 0 or over else {}
                if over or time.monotonic() - written >= SECONDS_BETWEEN_CHECKPOINTS:
                    self._write()
                    written = time.monotonic()
                progress.report(max(done / steps, self.clock.share()), 1, f"{STAGE}: step {done} of {steps}", **figures)
                if over:
                    break
        except (Cancelled, KeyboardInterrupt):
            self._write()
            raise

    def averaged(self) -> Stages:
        """The student with the running mean of its weights."""
        self.network.load_state_dict(self.mean)
        return self.network.eval().cpu()

    def _step(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Learn from one batch; its loss."""
        x = as_input(pixels, self.teacher.device)
        target = self.teacher(x)
        self.network.train()
        if self.config.norms == "frozen":
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        self._set_rate()
        with half_precision(self.teacher.device):
            second, third = self.network(x)
        loss = LOSSES[self.config.loss]((second.float(), third.float()), target, self.teacher.variances)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        # A mean over fewer steps than its decay spans would remember the start: it begins short and grows.
        decay = min(self.config.averaging, (1 + self.standing.epoch) / (10 + self.standing.epoch))
        for key, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.mean[key].lerp_(value, 1 - decay)
            else:
                self.mean[key].copy_(value)
        return loss.detach()

    def _set_rate(self) -> None:
        """A linear rise, then a cosine to zero over the planned steps, or over the time given where that is shorter."""
        step, config = self.standing.epoch, self.config
        share = max(step / config.steps, self.clock.share())
        rate = (
            config.learning_rate * min(1.0, (step + 1) / (config.warm_up + 1)) * 0.5 * (1 + math.cos(math.pi * share))
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _look(self) -> dict[str, float]:
        """A row of the curve: the training loss since the last and the unexplained variance of the averaged student."""
        train_loss = float(self.recent.mean())
        if not math.isfinite(train_loss):
            raise UserError(
                "Training diverged: the loss is no longer a number",
                f"step {self.standing.epoch}, learning rate {self.config.learning_rate:g}",
                "Distil again with a lower learning rate",
            )
        trained = {key: value.clone() for key, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.mean)
        found, (on_textures, _, _) = (
            unexplained_variance(self.network, self.teacher, pixels, self.config.batch_size)
            for pixels in (self.held_out, self.textures)
        )
        self.network.load_state_dict(trained)
        row = (float(self.standing.epoch), train_loss, *found, on_textures)
        self.curve, self.recent = torch.cat([self.curve, torch.tensor([row])]), torch.empty(0)
        self.standing.best, self.standing.best_epoch = found[0], self.standing.epoch
        return dict(zip(FIGURES[1:], row[1:], strict=True))

    def _write(self) -> None:
        if self.checkpoint and self.recent.isfinite().all():  # nobody wants to go on from a network that diverged
            kept = {**self.mean, CURVE: self.curve, RECENT: self.recent}
            self.checkpoint.write(self.standing, self.network, self.optimiser, kept)


@torch.no_grad()
def unexplained_variance(
    network: nn.Module, teacher: Teacher, pixels: NDArray[np.uint8], batch: int
) -> tuple[float, float, float]:
    """Share of the variance of the teacher's features, averaged over 3 x 3 places, that the network does not give.

    Of both stages together, weighed as PatchCore weighs them, and of stages 2 and 3; 0 is a perfect copy.
    """
    network.eval()
    error, first, second, count = torch.zeros(2), [torch.zeros(1)] * 2, torch.zeros(2), 0
    for start in range(0, len(pixels), batch):
        x = as_input(pixels[start : start + batch], teacher.device)
        wanted = [averaged(one) for one in teacher(x)]
        with half_precision(teacher.device):
            given = network(x)
        for stage, (mine, theirs) in enumerate(zip(given, wanted, strict=True)):
            theirs = theirs.cpu()
            error[stage] += (averaged(mine.float()).cpu() - theirs).square().sum(1).mean() * len(x)
            first[stage] = first[stage] + theirs.mean((2, 3)).sum(0)
            second[stage] += theirs.square().sum(1).mean() * len(x)
        count += len(x)
    variance = second / count - torch.stack([(total / count).square().sum() for total in first])
    share = error / count / variance
    return float((error / count).sum() / variance.sum()), float(share[0]), float(share[1])


@dataclass(frozen=True)
class _Clock:
    """How much of the time given has passed; nothing where there is no limit."""

    minutes: float | None
    started: float = field(default_factory=time.monotonic)

    def share(self) -> float:
        return self.seconds() / 60 / self.minutes if self.minutes else 0.0

    def seconds(self) -> float:
        return time.monotonic() - self.started
