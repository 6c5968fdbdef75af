"""The network that a loop method trains, with its optimiser, on the device and among the processes that train it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.continual.contract import below, prefixed
from core.continual.network import FusionNetwork
from core.continual.parallel import Crew
from core.continual.types import Array


class Student:
    """Arrays in and out; `tensors` are for what is computed with the network itself."""

    def __init__(self, network: FusionNetwork, learning_rate: float, crew: Crew) -> None:
        self._crew = crew
        self.network = network.to(crew.device)
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=learning_rate, fused=True)
        self._forward = crew.forward(self.network)

    def tensors(self, *arrays: NDArray[Any]) -> tuple[Tensor, ...]:
        """Where the network is; truth values become 0 and 1."""
        numbers = [one.astype(np.float32) if one.dtype == np.bool_ else one for one in arrays]
        return tuple(torch.from_numpy(one).to(self._crew.device) for one in numbers)

    def logits(self, inputs: Array, mask: Array) -> Array:
        """(n,) of inputs (n, width)."""
        with torch.inference_mode():
            return np.asarray(self.network(*self.tensors(inputs, mask)).cpu().numpy(), np.float32)

    def features(self, inputs: Array, mask: Array) -> tuple[Array, Array]:
        """The last hidden layer (n, hidden), and the probabilities (n,) that follow from it."""
        with torch.inference_mode():
            hidden = self.network.features(*self.tensors(inputs, mask))
            probability = torch.sigmoid(self.network.last(hidden).squeeze(1))
        return np.asarray(hidden.cpu().numpy(), np.float32), np.asarray(probability.cpu().numpy(), np.float32)

    def learn(self, inputs: Tensor, mask: Tensor, loss: Callable[[Tensor], Tensor]) -> tuple[float, Tensor]:
        """One step of gradient descent on ``loss`` of the logits (n,), all in one pass: its value, and the logits."""
        logits = self._forward(inputs, mask)
        value = loss(logits)
        self._optimiser.zero_grad()
        self._crew.descend(value)
        self._optimiser.step()
        return value.item(), logits.detach()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Weights and the state of the optimiser, whatever they lie on."""
        found = prefixed("network", _copied(self.network.state_dict()))
        for place, state in self._optimiser.state_dict()["state"].items():
            found |= prefixed(f"adam/{place}", _copied(state))
        return found

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave."""
        weights = {key: torch.from_numpy(value.copy()) for key, value in below("network", arrays).items()}
        self.network.load_state_dict(weights)
        state = self._optimiser.state_dict()
        for place in range(len(state["param_groups"][0]["params"])):
            found = below(f"adam/{place}", arrays)
            if found:
                state["state"][place] = {key: torch.from_numpy(value.copy()) for key, value in found.items()}
        self._optimiser.load_state_dict(state)


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {key: value.cpu().numpy().copy() for key, value in tensors.items()}
