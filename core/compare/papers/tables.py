"""What was published for each benchmark, and the protocol by which it is measured here: ``assets/published/*.yaml``.

Published figures are reported, not reproduced: each has its source and its protocol.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from core.detectors import registry
from core.detectors.base import Params
from core.errors import UserError
from core.settings import PROJECT

FOLDER = PROJECT / "assets" / "published"
NAMES = ("mvtec", "visa", "mpdd", "smd", "smap", "msl", "skab", "cwru", "cmapss", "mimii")
MEAN = "mean"  # the key of a published figure over all categories
# Beside the usual name: what a category is. Photographs have theirs; recordings are parted by machine or by fault.
Grouping = Literal["category", "machine", "fault"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Method(_Strict):
    """A detector at given settings. ``against`` is the title of the published row that it is set against."""

    detector: str
    preset: str | None = None
    params: dict[str, Any] = {}
    against: str | None = None

    @property
    def label(self) -> str:
        """``patchcore``, ``patchcore:paper``, ``patchcore,backbone=resnet18``: what ``method`` reads back."""
        preset = f":{self.preset}" if self.preset else ""
        return self.detector + preset + "".join(f",{key}={value}" for key, value in self.params.items())

    def checked(self) -> Params:
        """All parameters. UserError for a detector, a preset or a setting that does not exist."""
        return registry.parameters(self.detector, self.params, self.preset)


class Reported(_Strict):
    """One published row. ``figures``: metric to category (or ``mean``) to value. ``differs`` says in what its protocol
    differs from ours where it does; no difference is then formed."""

    title: str
    source: str
    protocol: str
    differs: str | None = None
    figures: dict[str, dict[str, float]]


class Table(_Strict):
    """A benchmark. ``sizes``: images for training and for test of each category as published; ``data``: where the data
    can be had; ``rate``: false alarms promised, None for the usual; ``unpublished``: what was looked for in vain."""

    name: str
    title: str
    modality: Literal["image", "series"]
    grouping: Grouping
    data: str
    layout: str
    protocol: str
    rate: float | None = None
    metrics: tuple[str, ...]
    categories: tuple[str, ...]
    sizes: dict[str, tuple[int, int]] = {}
    methods: tuple[Method, ...]
    reported: tuple[Reported, ...] = ()
    unpublished: tuple[str, ...] = Field(())

    def row(self, title: str | None) -> Reported | None:
        """The published row of that title."""
        return next((one for one in self.reported if one.title == title), None)


@cache
def table(name: str) -> Table:
    """A benchmark by name. UserError for one that does not exist."""
    if name not in NAMES:
        raise UserError(f"There is no benchmark «{name}»", "", f"Choose one of {', '.join(NAMES)}")
    content = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return Table(name=name, **content)


def method(text: str) -> Method:
    """A detector as a person names it: ``detector[:preset][,key=value…]``, values as in YAML. UserError otherwise."""
    head, *settings = text.split(",")
    detector, _, preset = head.partition(":")
    params = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        if not sign or not key:
            raise UserError(f"«{setting}» is not of the form key=value", text, "Write patchcore,backbone=resnet18")
        try:
            params[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"The value of «{key}» cannot be read", text, "Write patchcore,backbone=resnet18") from None
    found = Method(detector=registry.info(detector).name, preset=preset or None, params=params)
    found.checked()
    return found


def chosen(table: Table, texts: tuple[str, ...]) -> tuple[Method, ...]:
    """The methods that a person names, or the table's own; each set against the published row that the table gives it,
    or the first. UserError for one that judges other data, or is named twice."""
    if not texts:
        return table.methods
    known = {one.label: one for one in table.methods}
    first = table.reported[0].title if table.reported else None
    found: list[Method] = []
    for text in texts:
        one = method(text)
        registry.require(registry.info(one.detector), table.modality, table.title)
        one = known.get(one.label) or one.model_copy(update={"against": first})
        if one in found:
            raise UserError(f"«{one.label}» is named twice", "", "Name it once")
        found.append(one)
    return tuple(found)
