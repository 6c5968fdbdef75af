"""SPADE and USAD as references that learn without labels, on the same inputs as the loop methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.continual.memory import COLUMNS, Memory
from core.continual.methods.options import Learner
from core.continual.methods.unsupervised import Unsupervised
from core.continual.modalities import Modalities
from core.continual.types import Array, Batch, Stream
from core.detectors.patchcore.search import MemoryBank
from core.detectors.usad.model import UsadNetwork, bounded
from core.detectors.usad.training import first_loss, second_loss

NEIGHBOURS = 5
LATENT = 16
ALPHA = 0.5  # weight of the plain error in USAD's score
STEPS_PER_EPOCH = 100  # of the stream: USAD's adversarial share grows as 1 - 1/epoch


class _Reference(Unsupervised):
    """Reads what the network of the loop methods reads; modalities that are missing are 0, the mean of normals."""

    def __init__(self, options: Learner, stream: Stream, seed: int) -> None:
        super().__init__(options, stream, seed)
        self._modalities = Modalities(stream)

    def begin(self, normals: Batch) -> None:
        self._modalities.fit(self._modalities.encode(normals), 1)

    def end_task(self) -> None:
        """Nothing happens: these methods know no tasks."""

    def latent(self, batch: Batch) -> Array:
        return self._modalities.inputs(batch)[0]


class SpadeReference(_Reference):
    """Mean distance to the nearest of the normals in a uniform reservoir (Cohen & Hoshen, 2020, on descriptors)."""

    def begin(self, normals: Batch) -> None:
        super().begin(normals)
        width = sum(self._modalities.widths)
        self._memory = Memory(self._modalities.stored, width, len(self._modalities.names), self._o)

    def _judged(self, batch: Batch) -> Array:
        if not len(self._memory):
            return np.zeros(len(batch), np.float32)
        rows = torch.from_numpy(self._memory["inputs"])
        bank = MemoryBank(rows, torch.arange(len(rows)), cosine=False)
        return np.asarray(bank.distance(torch.from_numpy(self._modalities.inputs(batch)[0]), NEIGHBOURS).numpy())

    def _taught(self, normals: Batch) -> dict[str, float]:
        n = len(normals)
        inputs, mask = self._modalities.inputs(normals)
        told: dict[str, NDArray[Any]] = {name: np.zeros(n, kind) for name, kind in COLUMNS.items()}
        told |= {"rows": self._modalities.encode(normals), "inputs": inputs, "mask": mask, "id": normals.ids}
        self._memory.add(told | {"logit": np.zeros(n, np.float32), "concept": normals.concept}, self._random["model"])
        self._memory.settle(None)
        self._changed()
        return {}

    def _held(self) -> NDArray[np.int64]:
        return np.asarray(self._memory["id"])

    def _nbytes(self) -> int:
        return self._memory.nbytes

    def _state(self) -> dict[str, NDArray[Any]]:
        return self._memory.arrays()

    def _take_back(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._memory.restore(arrays)


class UsadReference(_Reference):
    """Two adversarial autoencoders trained on the stream as it comes, without a memory (Audibert et al., KDD 2020)."""

    def begin(self, normals: Batch) -> None:
        super().begin(normals)
        with torch.random.fork_rng():
            torch.manual_seed(self._seed)
            self._network = UsadNetwork(sum(self._modalities.widths), 1, LATENT)
        shared = list(self._network.encoder.parameters())
        self._adam = [
            torch.optim.Adam([*shared, *decoder.parameters()], lr=self._o.learning_rate, fused=True)
            for decoder in (self._network.first, self._network.second)
        ]
        self._step = 0

    def _judged(self, batch: Batch) -> Array:
        with torch.inference_mode():
            return np.asarray(self._network.errors(self._windows(batch), ALPHA).mean((1, 2)).numpy())

    def _taught(self, normals: Batch) -> dict[str, float]:
        windows, found = self._windows(normals), {}
        epoch = 1 + self._step // STEPS_PER_EPOCH
        for adam, loss in zip(self._adam, (first_loss, second_loss), strict=True):
            value = loss(self._network, windows, None, epoch)
            adam.zero_grad()
            torch.autograd.backward(value)
            adam.step()
            found[loss.__name__] = value.item()
        self._step += 1
        self._changed()
        return found

    def _windows(self, batch: Batch) -> torch.Tensor:
        return bounded(torch.from_numpy(self._modalities.inputs(batch)[0])).unsqueeze(1)

    def _held(self) -> NDArray[np.int64]:
        return np.empty(0, np.int64)

    def _nbytes(self) -> int:
        return 0

    def _state(self) -> dict[str, NDArray[Any]]:
        found = {f"network/{key}": value.numpy().copy() for key, value in self._network.state_dict().items()}
        for which, adam in enumerate(self._adam):
            for place, state in adam.state_dict()["state"].items():
                found |= {f"adam{which}/{place}/{key}": value.numpy().copy() for key, value in state.items()}
        return found | {"step": np.array(self._step)}

    def _take_back(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._step = int(arrays["step"])
        named = {key: torch.from_numpy(value.copy()) for key, value in arrays.items() if "/" in key}
        self._network.load_state_dict({key: named[f"network/{key}"] for key in self._network.state_dict()})
        for which, adam in enumerate(self._adam):
            state = adam.state_dict()
            for key, value in named.items():
                owner, *rest = key.split("/")
                if owner == f"adam{which}":
                    state["state"].setdefault(int(rest[0]), {})[rest[1]] = value
            adam.load_state_dict(state)
