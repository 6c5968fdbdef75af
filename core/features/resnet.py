"""The trunk of a residual network up to its third stage (He et al., CVPR 2016, arXiv:1512.03385).

Modules are named as in torchvision, so that its weights fit; a test holds the outputs against it. We do not build the
networks with torchvision because importing it costs every job seconds and 160 MiB.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

STRIDED = 11  # pixels a side of a first convolution in steps of four


class Block(nn.Module):
    """A residual block: two 3x3 convolutions, or with ``bottleneck`` 1x1, 3x3 and 1x1 ones."""

    def __init__(self, inputs: int, inner: int, outputs: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        shapes = [(inputs, inner, 3, stride), (inner, outputs, 3, 1)]
        if bottleneck:
            shapes = [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
        for number, (before, after, side, step) in enumerate(shapes, 1):
            self.add_module(f"conv{number}", nn.Conv2d(before, after, side, step, side // 2, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(after))
        self.depth = len(shapes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(b, inputs, h, w) -> (b, outputs, h / stride, w / stride)."""
        kept = self.downsample(x)
        for number in range(1, self.depth + 1):
            x = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x))
            x = self.relu(x if number < self.depth else x + kept)
        return x


class Trunk(nn.Module):
    """Stages 1 to 3 of ``blocks`` blocks each, giving ``channels`` channels.

    ``strided``: the first convolution goes in steps of four pixels itself and sees as far, 11 pixels, as the published
    one of 7 with its pooling; these two, at four times as many places, are a third of a narrow network's time.
    """

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential

    def __init__(
        self, stem: int, blocks: Sequence[int], channels: Sequence[int], bottleneck: bool, strided: bool = False
    ) -> None:
        super().__init__()
        side, step = (STRIDED, 4) if strided else (7, 2)
        self.conv1 = nn.Conv2d(3, stem, side, step, side // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if strided else nn.MaxPool2d(3, 2, 1)
        before = stem
        for stage, (count, outputs) in enumerate(zip(blocks, channels, strict=True), 1):
            inner = outputs // 2 if bottleneck else outputs  # the wide ResNet's bottlenecks narrow by two, not by four
            layers = []
            for number in range(count):
                stride = 2 if stage > 1 and number == 0 else 1
                layers.append(Block(before, inner, outputs, stride, bottleneck))
                before = outputs
            self.add_module(f"layer{stage}", nn.Sequential(*layers))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(b, 3, h, w) -> stage 2 (b, c2, h / 8, w / 8), stage 3 (b, c3, h / 16, w / 16)."""
        x = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        second = self.layer2(x)
        return second, self.layer3(second)


class Stages(nn.Module):
    """A trunk with an optional 1x1 head on each of the two stages that it returns."""

    def __init__(self, trunk: Trunk, head2: nn.Module, head3: nn.Module) -> None:
        super().__init__()
        self.trunk, self.head2, self.head3 = trunk, head2, head3

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(b, 3, h, w) -> (b, c2, h / 8, w / 8), (b, c3, h / 16, w / 16)."""
        second, third = self.trunk(x)
        return self.head2(second), self.head3(third)
