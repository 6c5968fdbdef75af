"""The measures by name, in the order in which they are shown."""

from __future__ import annotations

from core.errors import UserError
from core.severity.measures.base import Measure, MeasureInfo
from core.severity.measures.colour import Colour
from core.severity.measures.memory import Memory
from core.severity.measures.texture import Texture
from core.severity.measures.vae import Vae
from core.severity.measures.zinc import Zinc

MEASURES: dict[str, type[Measure]] = {kind.info.name: kind for kind in (Colour, Zinc, Memory, Vae, Texture)}


def infos() -> tuple[MeasureInfo, ...]:
    """How all measures are called and explained."""
    return tuple(kind.info for kind in MEASURES.values())


def default_measures() -> tuple[str, ...]:
    """Names of the measures that are on unless a person switches them off."""
    return tuple(info.name for info in infos() if info.default_on)


def create(names: tuple[str, ...], seed: int) -> list[Measure]:
    """New measures by name, in the registry's order. UserError where a name is unknown or none is given."""
    unknown = [name for name in names if name not in MEASURES]
    if unknown or not names:
        what = f"There is no measure named {unknown[0]}" if unknown else "No measure is switched on"
        raise UserError(what, "rust", f"Choose from {', '.join(MEASURES)}")
    return [kind(seed) for name, kind in MEASURES.items() if name in names]
