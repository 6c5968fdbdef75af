"""What a fit keeps on disk, so that one that was stopped goes on as if it had never been."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

FILENAME = "training.json"
PREFIX = "training-"

_State = dict[str, Tensor]


@dataclass
class Standing:
    """How far training has come. Random numbers follow from seed and epoch, so that no generator need be kept."""

    epoch: int = 0  # finished ones
    best: float = float("inf")  # lowest validation loss
    best_epoch: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """Files of one fit in a scratch folder: tensors under a fresh name, then the JSON that points to them.

    ``fingerprint`` says which fit it is (parameters, seed, images); another fit's files are not taken up.
    """

    folder: Path
    fingerprint: str

    def write(self, standing: Standing, network: nn.Module, optimiser: torch.optim.Optimizer, best: _State) -> None:
        """Replace what was there; an interruption leaves the one before."""
        tensors = {f"network.{key}": value for key, value in network.state_dict().items()}
        tensors |= {f"best.{key}": value for key, value in best.items()}
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{key}": value for key, value in state.items()}
        name = f"{PREFIX}{secrets.token_hex(6)}.safetensors"
        save_file({key: value.contiguous() for key, value in tensors.items()}, self.folder / name)
        content = {"fingerprint": self.fingerprint, "tensors": name, "standing": asdict(standing)}
        temporary = self.folder / f"{name}.json"
        temporary.write_text(json.dumps(content))
        temporary.replace(self.folder / FILENAME)
        self._remove_all_but(name)

    def resume(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> tuple[Standing, _State] | None:
        """Put network and optimiser back as they were; None where this fit has left nothing that can be read."""
        try:
            content = json.loads((self.folder / FILENAME).read_text())
            if content["fingerprint"] != self.fingerprint:
                return None
            tensors = load_file(self.folder / Path(content["tensors"]).name)
            network.load_state_dict(_under(tensors, "network."))
            parameters = list(network.parameters())
            state: dict[int, _State] = {}
            for key, value in _under(tensors, "optimiser.").items():
                index, _, name = key.partition(".")
                # The fused optimiser walks moments and weights in step: they must lie alike in memory.
                alike = torch.empty_like(parameters[int(index)]).copy_(value) if value.ndim else value
                state.setdefault(int(index), {})[name] = alike
            optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
            return Standing(**content["standing"]), _under(tensors, "best.")
        except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, IndexError, TypeError):
            return None  # torn or foreign files: the fit starts again, which is slower and never wrong

    def clear(self) -> None:
        """The fit is done, or has not begun: nothing is to be resumed."""
        (self.folder / FILENAME).unlink(missing_ok=True)
        self._remove_all_but("")

    def _remove_all_but(self, name: str) -> None:
        for path in self.folder.glob(f"{PREFIX}*.safetensors*"):
            if path.name != name:
                path.unlink(missing_ok=True)


def fingerprint(params: Mapping[str, Any], seed: int, hashes: list[str]) -> str:
    """sha256 over everything that the course of a fit depends on."""
    return hashlib.sha256(json.dumps([dict(params), seed, hashes], sort_keys=True).encode()).hexdigest()


def _under(tensors: Mapping[str, Tensor], prefix: str) -> _State:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
