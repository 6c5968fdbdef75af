"""A memory bank that takes in further images under the budget it has, without seeing the old images again.

The union of the old rows and the candidates of the new images is selected from anew: by greedy k-centre, where old
rows that new ones cover give way (the incremental coreset of CADIC, arXiv:2511.08634, after Roth et al., CVPR 2022),
or, in a bank that was drawn at random, by shares in proportion to the images on either side. What gives way is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.detectors.patchcore.bank import BankBuilder, CoresetSampler, RandomSampler
from core.detectors.patchcore.search import MemoryBank
from core.progress import Progress


@dataclass(frozen=True)
class Growth:
    """Rows of the bank before; of them those that stayed; rows of the new images."""

    before: int
    kept: int
    added: int


def grown(
    bank: MemoryBank,
    images: int,
    new: Iterable[tuple[Tensor, int, float]],
    n_new: int,
    size: int,
    *,
    coreset: bool,
    seed: int,
    progress: Progress,
) -> tuple[MemoryBank, Growth]:
    """``bank``, drawn from so many ``images``, with the patches (n, d) of ``n_new`` ``new`` ones, each with the number
    of its image and the share of it that they are, in at most ``size`` rows. Images of the old bank keep their numbers;
    new ones are counted from there.
    """
    dimension = bank.rows.shape[1]
    sampler = CoresetSampler(dimension, seed) if coreset else RandomSampler(n_new, size, seed)
    builder, first = BankBuilder(sampler, size), int(bank.owners.max()) + 1
    for patches, number, share in new:
        builder.add(patches.unsqueeze(0), torch.tensor([first + number]), share)
    rows, owners = builder.finish(progress.part(0.0, 0.5))
    old = torch.arange(len(bank.rows))
    if not coreset and len(old) + len(rows) > size:
        share = round(size * images / (images + n_new))
        old = sampler.choose(bank.rows, max(share, size - len(rows)))
        rows, owners = _first(sampler, rows, owners, size - len(old))
    rows, owners = torch.cat([bank.rows[old], rows]), torch.cat([bank.owners[old], owners])
    if len(rows) > size:
        chosen = sampler.choose(rows, size, progress.part(0.5, 1.0)).sort().values
        rows, owners = rows[chosen], owners[chosen]
    added = int((owners >= first).sum())
    return MemoryBank(rows, owners, bank.cosine), Growth(len(bank.rows), len(rows) - added, added)


def _first(sampler: CoresetSampler | RandomSampler, rows: Tensor, owners: Tensor, count: int) -> tuple[Tensor, Tensor]:
    chosen = sampler.choose(rows, min(count, len(rows)))
    return rows[chosen], owners[chosen]
