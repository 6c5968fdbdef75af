"""How far the student's features are from the teacher's. Each loss takes both stages, (b, c, h, w), and gives a scalar.

- ``standardised``: mean squared error, every channel in units of its own deviation, so that all count alike.
- ``distance``: squared error of features averaged over 3 x 3 places, as a share of the teacher's variance over both
  stages: the error of a neighbourhood's mean, of which PatchCore's patches are made, in the units of its distances.
- ``relative``: the same error, of each picture as a share of the teacher's variance within that picture: a detector
  compares pictures of one kind, where on a faint surface small differences are all that there is.
- ``cosine``: 1 - cosine of the angle between the two, place by place.
- ``relational``: ``distance``, and the difference of distances between random pairs of places (Park et al., Relational
  Knowledge Distillation, CVPR 2019, arXiv:1904.05068).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from core.features.distill.config import Loss
from core.features.distill.teacher import Pair

NEIGHBOURHOOD = 3
PAIRS = 4096
FAINTEST = 0.05  # of the whole variance: a picture that varies less, such as an empty sky, counts as if it varied so


def standardised(student: Pair, teacher: Pair, variances: Pair) -> Tensor:
    return torch.stack(
        [((s - t).square().mean((0, 2, 3)) / v).mean() for s, t, v in zip(student, teacher, variances, strict=True)]
    ).mean()


def distance(student: Pair, teacher: Pair, variances: Pair) -> Tensor:
    errors = [(averaged(s) - averaged(t)).square().sum(1).mean() for s, t in zip(student, teacher, strict=True)]
    return torch.stack(errors).sum() / (variances[0].sum() + variances[1].sum())


def relative(student: Pair, teacher: Pair, variances: Pair) -> Tensor:
    errors, within = [], []
    for s, t in zip(student, teacher, strict=True):
        mine, theirs = averaged(s), averaged(t)
        errors.append((mine - theirs).square().sum(1).mean((1, 2)))
        within.append((theirs - theirs.mean((2, 3), keepdim=True)).square().sum(1).mean((1, 2)))
    least = FAINTEST * (variances[0].sum() + variances[1].sum())
    return (torch.stack(errors).sum(0) / torch.stack(within).sum(0).clamp_min(least)).mean()


def cosine(student: Pair, teacher: Pair, variances: Pair) -> Tensor:
    return torch.stack(
        [1 - F.cosine_similarity(s, t, dim=1).mean() for s, t in zip(student, teacher, strict=True)]
    ).mean()


def relational(student: Pair, teacher: Pair, variances: Pair) -> Tensor:
    parts = [distance(student, teacher, variances)]
    for s, t in zip(student, teacher, strict=True):
        mine, theirs = (averaged(one).movedim(1, -1).flatten(0, 2) for one in (s, t))
        # The pairs follow from the sizes alone: each place with the one a fixed odd stride further on.
        apart = torch.arange(min(PAIRS, len(mine)), device=mine.device)
        other = (apart * 7919 + 31) % len(mine)
        wanted = (theirs[apart] - theirs[other]).norm(dim=1)
        given = (mine[apart] - mine[other]).square().sum(1).clamp_min(1e-12).sqrt()
        parts.append((given - wanted).square().mean() / wanted.square().mean().clamp_min(1e-12))
    return torch.stack(parts).sum()


def averaged(features: Tensor) -> Tensor:
    """Means over neighbourhoods as patches have them, less the border: (b, c, h, w) -> (b, c, h - 2, w - 2)."""
    return F.avg_pool2d(features, NEIGHBOURHOOD, 1)


LOSSES: Mapping[Loss, Callable[[Pair, Pair, Pair], Tensor]] = {
    "standardised": standardised,
    "distance": distance,
    "relative": relative,
    "cosine": cosine,
    "relational": relational,
}
