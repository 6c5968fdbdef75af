"""The one list of drift kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.drift.scenarios import images, logs, signals
from core.drift.scenarios.surroundings import NOTHING, Change, Surroundings

__all__ = ["SCENARIOS", "Modality", "Scenario", "Surroundings", "apply"]

Modality = Literal["signal", "image", "log"]


@dataclass(frozen=True)
class Scenario:
    """A kind of drift. ``effect`` says what magnitude 1 does."""

    name: str
    modality: Modality
    title: str
    effect: str
    change: Change


_ALL = (
    Scenario("gain", "signal", "Gain", "readings are 1.7 times as large", signals.gain),
    Scenario("offset", "signal", "Offset", "readings lie 1.5 sd too high", signals.offset),
    Scenario("noise", "signal", "Noise", "white noise 5 dB below the signal", signals.noise),
    Scenario("speed", "signal", "Speed", "the machine turns 8\u00a0% slower", signals.speed),
    Scenario("filter", "signal", "Dull sensor", "a low-pass takes what is fast", signals.low_pass),
    Scenario("stuck", "signal", "Sticking sensor", "a reading is held for 4 samples", signals.stuck),
    Scenario("load", "signal", "Load switch", "recordings of another load take over", signals.load),
    Scenario("brightness", "image", "Brightness", "1.5 times as bright, whites clipped", images.brightness),
    Scenario("blur", "image", "Blur", "Gaussian blur, sigma 2\u00a0% of the shorter side", images.blur),
    Scenario("white-balance", "image", "White balance", "red up, blue down by a quarter", images.white_balance),
    Scenario("vignette", "image", "Vignette", "corners lose 70\u00a0% of their light", images.vignette),
    Scenario("jpeg", "image", "JPEG", "compressed to quality 25", images.jpeg),
    Scenario("pose", "image", "Pose", "turned by up to 5 degrees, up to 2\u00a0% nearer", images.pose),
    Scenario("rate", "log", "Rate", "events come twice as fast", logs.rate),
    Scenario("new-template", "log", "New template", "a quarter of the events are of a kind never seen", logs.new),
    Scenario("renamed-template", "log", "Renamed template", "one template gets another wording", logs.renamed),
)
SCENARIOS: dict[str, Scenario] = {one.name: one for one in _ALL}


def apply(
    kind: str,
    values: NDArray[Any],
    amount: ArrayLike,
    generator: np.random.Generator,
    surroundings: Surroundings = NOTHING,
) -> NDArray[Any]:
    """Raw ``values`` through a drift; a new array of the same shape and type, samples of amount 0 unchanged.

    Signals are (b, L, d) with amounts (b, L) or (b, 1); images (b, h, w, 3), uint8 or float in 0 to 255, and windows of
    events (b, E, 2) (state, seconds spent in it) with amounts (b,). The amount is magnitude times course. KeyError for
    an unknown kind, UserError where ``surroundings`` lack what it needs.
    """
    amount = np.asarray(amount, np.float64)
    if not amount.any():
        return values.copy()
    return SCENARIOS[kind].change(values, amount, generator, surroundings).astype(values.dtype, copy=False)
