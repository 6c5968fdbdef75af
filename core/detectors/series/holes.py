"""Holes in recordings that are tensors: the counterpart of ``windows.Fill`` for gradients, batches and exports."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def last_windows(recordings: Tensor, length: int) -> tuple[Tensor, Tensor | None]:
    """The last ``length`` steps of recordings (b, t, d) as a stream sees them, and what of them was measured or None.

    Holes are filled, and before its first step a recording holds that step again. None: all was measured.
    """
    values, measured = filled(recordings, length - 1)
    missing = length - recordings.shape[1]
    if missing > 0:
        values, measured = _lengthened(values, missing), None if measured is None else _lengthened(measured, missing)
    return values[:, -length:], None if measured is None else measured[:, -length:]


def filled(recordings: Tensor, age: int) -> tuple[Tensor, Tensor | None]:
    """Recordings (b, t, d) without holes, and 1 where measured, or None where there are none (see ``carried``)."""
    if bool(torch.isfinite(recordings.sum())):  # a sum that overflows only costs the time of looking closely
        return recordings, None
    return carried(recordings, min(age, recordings.shape[1] - 1))


def carried(recordings: Tensor, age: int) -> tuple[Tensor, Tensor]:
    """Recordings (b, t, d) with holes to (without, 1 where measured): a hole takes the last value in the ``age`` steps
    before it (fewer than t), or 0, the training median, where there is none. What is not finite is a hole."""
    finite = torch.isfinite(recordings)
    measured = finite.to(recordings.dtype)
    known, values = measured, torch.where(finite, recordings, torch.zeros_like(recordings))
    reach = 1
    while age > 0:  # each round doubles how far a value has been carried
        shift = min(reach, age)
        earlier, earlier_known = (F.pad(one[:, :-shift], (0, 0, shift, 0)) for one in (values, known))
        values, known = torch.where(known > 0, values, earlier), torch.maximum(known, earlier_known)
        age, reach = age - shift, 2 * reach
    return values, measured


def _lengthened(recordings: Tensor, missing: int) -> Tensor:
    return torch.cat([recordings[:, :1].expand(-1, missing, -1), recordings], dim=1)
