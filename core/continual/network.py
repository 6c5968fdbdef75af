"""The detector that every loop method trains: a small network over all modalities, one number out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.continual.dynamics.alignment import Alignment


class FusionNetwork(nn.Module):
    """Inputs (n, width) of all modalities side by side with a mask (n, modalities) to logits (n,).

    Each modality has an encoder of its own; those present are averaged, so that a missing one neither counts nor is
    filled in. The shared coordinates and the disagreement of the modalities come in beside them, by fixed maps.
    """

    def __init__(self, widths: Sequence[int], alignment: Alignment, hidden: int) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.encoders = nn.ModuleList(nn.Linear(width, hidden) for width in widths)
        self.common = nn.Linear(alignment.shared + 1, hidden)
        self.middle = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)
        for m, (weights, centre) in enumerate(zip(alignment.maps, alignment.centres, strict=True)):
            self.register_buffer(f"map_{m}", torch.from_numpy(weights))
            self.register_buffer(f"centre_{m}", torch.from_numpy(centre))

    def features(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Last hidden layer (n, hidden)."""
        count = mask.sum(1, keepdim=True).clamp_min(1)
        parts = inputs.split(self.widths, 1)
        encoded, seen = torch.zeros(()), []
        for m, (encoder, part) in enumerate(zip(self.encoders, parts, strict=True)):
            present = mask[:, m : m + 1]
            encoded = encoded + encoder(part) * present
            seen.append(((part - getattr(self, f"centre_{m}")) @ getattr(self, f"map_{m}")) * present)
        shared = torch.stack(seen).sum(0) / count
        off = sum(((one - shared * mask[:, m : m + 1]) ** 2).sum(1, keepdim=True) for m, one in enumerate(seen))
        disagreement = (off / count + 1e-6).sqrt()
        hidden = encoded / count + self.common(torch.cat([shared, disagreement], 1))
        return torch.relu(self.middle(torch.relu(hidden)))

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.last(self.features(inputs, mask)).squeeze(1)
        return found
