"""The detectors of drift by name."""

from __future__ import annotations

from collections.abc import Callable

from core.drift.contract import Blocks, DriftDetector
from core.drift.hdddm import Hdddm
from core.drift.ks import KsHolm
from core.drift.kswin import Kswin
from core.drift.mmd import Mmd
from core.drift.sequential import Adwin, PageHinkley

DETECTORS: dict[str, Callable[[Blocks], DriftDetector]] = {
    "adwin": Adwin,
    "page-hinkley": PageHinkley,
    "hdddm": Hdddm,
    "ks-holm": KsHolm,
    "kswin": Kswin,
    "mmd": Mmd,
}
