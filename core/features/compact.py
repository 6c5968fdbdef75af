"""Compact backbones: files of weights whose shape follows from the weights themselves.

A file holds a ``Trunk`` of basic blocks under torchvision's names, and a 1x1 convolution on each of its last two
stages, ``head2`` and ``head3``. Widths, depth and outputs are read from the tensors, so that nothing can contradict
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from core.features.resnet import STRIDED, Stages, Trunk

_BLOCK = re.compile(r"layer([123])\.(\d+)\.conv1\.weight")


@dataclass(frozen=True)
class Shape:
    """Channels of the first convolution, blocks and channels of stages 1 to 3, channels of the two heads."""

    stem: int
    blocks: tuple[int, int, int]
    widths: tuple[int, int, int]
    outputs: tuple[int, int]
    strided: bool = False  # see ``Trunk``

    def network(self) -> Stages:
        """The network with random weights, batch norms unfolded."""
        heads = (nn.Conv2d(self.widths[i + 1], self.outputs[i], 1) for i in range(2))
        return Stages(Trunk(self.stem, self.blocks, self.widths, False, self.strided), *heads)


def shape_of(weights: Mapping[str, Tensor]) -> Shape:
    """The shape of the network that these weights belong to. ValueError where they are not a compact backbone's."""
    counts: dict[str, int] = {}
    for match in filter(None, map(_BLOCK.fullmatch, weights)):
        counts[match[1]] = max(counts.get(match[1], 0), int(match[2]) + 1)
    try:
        return Shape(
            stem=len(weights["conv1.weight"]),
            blocks=(counts["1"], counts["2"], counts["3"]),
            widths=tuple(len(weights[f"layer{stage}.0.conv1.weight"]) for stage in (1, 2, 3)),  # type: ignore[arg-type]
            outputs=tuple(len(weights[f"head{stage}.weight"]) for stage in (2, 3)),  # type: ignore[arg-type]
            strided=weights["conv1.weight"].shape[-1] == STRIDED,
        )
    except KeyError as error:
        raise ValueError(f"the weights lack {error}") from None


def from_weights(weights: Mapping[str, Tensor]) -> tuple[Stages, Shape]:
    """The network filled with a file's weights, in float32. ValueError where they do not fit together."""
    shape = shape_of(weights)
    network = shape.network()
    named = {key if key.startswith("head") else f"trunk.{key}": value.float() for key, value in weights.items()}
    try:
        result = network.load_state_dict(named, strict=False)
    except RuntimeError as error:
        raise ValueError(str(error).splitlines()[-1].strip()) from None
    missing = [key for key in result.missing_keys if not key.endswith("num_batches_tracked")]
    if missing or result.unexpected_keys:
        name = (missing or result.unexpected_keys)[0].removeprefix("trunk.")
        raise ValueError(f"the weights {'lack' if missing else 'hold a foreign'} {name}")
    return network, shape


def to_weights(network: Stages) -> dict[str, Tensor]:
    """What a file holds: convolutions as float16, the rest as float32."""
    return {
        key.removeprefix("trunk."): (value.half() if value.ndim == 4 else value.float()).contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
