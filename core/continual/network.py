"""The detector that every loop method trains: a small network over all modalities, one number out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.linalg import block_diag
from torch import Tensor, nn

from core.continual.dynamics.alignment import Alignment


class FusionNetwork(nn.Module):
    """Inputs (n, width) of all modalities side by side, with a mask (n, modalities), to logits (n,).

    Each modality has an encoder of its own; those present are averaged, so that a missing one neither counts nor is
    filled in. The shared coordinates and the disagreement of the modalities come in beside them, by fixed maps. The
    encoders are one matrix, since a product for each would cost more than it computes.
    """

    maps: Tensor  # (width, modalities x shared), by block
    centre: Tensor  # (width,)
    owner: Tensor  # (modalities, width): 1 where an input belongs to a modality

    def __init__(self, widths: Sequence[int], alignment: Alignment, hidden: int) -> None:
        super().__init__()
        singles = [nn.Linear(width, hidden) for width in widths]
        self.encoder = nn.Parameter(torch.cat([one.weight.detach() for one in singles], 1).T.contiguous())
        self.offset = nn.Parameter(torch.stack([one.bias.detach() for one in singles]))  # (modalities, hidden)
        self.common = nn.Linear(alignment.shared + 1, hidden)
        self.middle = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)
        self.modalities = len(singles)
        self.register_buffer("maps", torch.from_numpy(block_diag(*alignment.maps).astype("float32")))
        self.register_buffer("centre", torch.cat([torch.from_numpy(one) for one in alignment.centres]))
        owner = torch.repeat_interleave(torch.arange(self.modalities), torch.tensor(list(widths)))
        self.register_buffer("owner", nn.functional.one_hot(owner, self.modalities).T.float())

    def features(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Last hidden layer (n, hidden)."""
        count = mask.sum(1, keepdim=True).clamp_min(1)
        wide = mask @ self.owner
        encoded = ((inputs * wide) @ self.encoder + mask @ self.offset) / count
        seen = (((inputs - self.centre) * wide) @ self.maps).view(len(inputs), self.modalities, -1)
        shared = seen.sum(1) / count
        off = (seen - shared.unsqueeze(1)) * mask.unsqueeze(2)
        disagreement = (off.square().sum((1, 2)).unsqueeze(1) / count + 1e-6).sqrt()
        hidden = encoded + self.common(torch.cat([shared, disagreement], 1))
        return torch.relu(self.middle(torch.relu(hidden)))

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.last(self.features(inputs, mask)).squeeze(1)
        return found
