"""A residual trunk in bfloat16 with bias, sum and ReLU inside the convolutions, and a pooling that compares integers.

Apart, each of them is a pass over memory, and each result is rounded to bfloat16; inside, they are done in float32 on
what the convolution has just computed. The operation is oneDNN's, in torch where its own compiler looks for it: no
documented name, so ``available`` asks first, and where there is none the plain network does the same work more slowly.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from core.features.resnet import Block, Stages


def available() -> bool:
    """Whether this torch has the operation, and this processor what it needs for bfloat16."""
    operations = torch.ops.mkldnn
    return hasattr(operations, "_convolution_pointwise") and bool(operations._is_mkldnn_bf16_supported())


def fused(stages: Stages) -> Stages:
    """A bfloat16 copy of a network whose batch norms are folded in; its convolutions take the rest with them."""
    stages = deepcopy(stages).to(torch.bfloat16)
    trunk = stages.trunk
    trunk.conv1, trunk.relu = _Convolution(trunk.conv1, relu=True), nn.Identity()  # type: ignore[assignment]
    if isinstance(trunk.maxpool, nn.MaxPool2d):
        trunk.maxpool = _Pooling()  # type: ignore[assignment]
    for layer in (trunk.layer1, trunk.layer2, trunk.layer3):
        for number, block in enumerate(layer):
            layer[number] = _Block(block)  # type: ignore[arg-type]
    return stages


class _Convolution(nn.Module):
    """A convolution with its bias, then a ReLU or not; or added to another tensor, then a ReLU."""

    def __init__(self, plain: nn.Conv2d, relu: bool) -> None:
        super().__init__()
        self.weight, self.bias = plain.weight, plain.bias
        self._after = "relu" if relu else "none"
        self._how = (list(plain.padding), list(plain.stride), list(plain.dilation), plain.groups)

    def forward(self, x: Tensor) -> Tensor:
        operation = torch.ops.mkldnn._convolution_pointwise.default
        result: Tensor = operation(x, self.weight, self.bias, *self._how, self._after, [], "")
        return result

    def onto(self, x: Tensor, kept: Tensor) -> Tensor:
        """ReLU(convolution of x + kept)."""
        operation = torch.ops.mkldnn._convolution_pointwise.binary
        result: Tensor = operation(x, kept, self.weight, self.bias, *self._how, "add", 1.0, "relu", [], "")
        return result


class _Pooling(nn.Module):
    """The greatest of 3 x 3 places at every second one, of what a ReLU left, (b, c, h, w) with even h and w.

    The bits of a bfloat16 that is not negative, read as an integer, are in its order. torch's own pooling turns every
    value into a float32 first and also finds out where the greatest lay.
    """

    def forward(self, x: Tensor) -> Tensor:
        return _halved(_halved(x.view(torch.int16), 2), 3).view(x.dtype)


def _halved(values: Tensor, axis: int) -> Tensor:
    """The greatest of each place 2i along the axis and its two neighbours; nothing lies before the first."""
    even, odd = torch.unflatten(values, axis, (-1, 2)).unbind(axis + 1)
    result = torch.maximum(even, odd)
    later = result.narrow(axis, 1, result.shape[axis] - 1)
    torch.maximum(later, odd.narrow(axis, 0, result.shape[axis] - 1), out=later)
    return result


class _Block(nn.Module):
    """``resnet.Block``, folded and fused."""

    def __init__(self, plain: Block) -> None:
        super().__init__()
        *first, last = (getattr(plain, f"conv{number}") for number in range(1, plain.depth + 1))
        self.first = nn.Sequential(*(_Convolution(one, relu=True) for one in first))
        self.last = _Convolution(last, relu=False)
        down = plain.downsample
        # Its convolution is the first of the two; the second was a batch norm.
        self.downsample = _Convolution(down[0], relu=False) if isinstance(down, nn.Sequential) else nn.Identity()  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return self.last.onto(self.first(x), self.downsample(x))
