"""What a kind of drift may have to know besides the data that it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Surroundings:
    """``spread``: (d,) sd of each signal in normal running. ``other``: raw signals of another load, shaped as the
    values. ``states``: number of states of a log; the last is «unknown»."""

    spread: NDArray[np.float64] | None = None
    other: NDArray[np.float32] | None = None
    states: int | None = None


NOTHING = Surroundings()


class Change(Protocol):
    """A kind of drift at work; see ``registry.apply``."""

    def __call__(
        self,
        values: NDArray[Any],
        amount: NDArray[np.float64],
        generator: np.random.Generator,
        surroundings: Surroundings,
    ) -> NDArray[Any]: ...
