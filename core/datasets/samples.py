"""Datasets that the workbench can make by itself: for the first run, for demonstrations and for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.datasets.synthetic.parts import write_parts
from core.datasets.synthetic.rust import write_rust
from core.progress import Progress


@dataclass(frozen=True)
class Sample:
    """``write(out, seed, progress)`` writes the dataset into the new folder ``out``, whole or not at all.

    ``modality`` "rust": photographs of parts over time, for an analysis of rust, not to train a detector on.
    """

    name: str
    title: str
    summary: str
    write: Callable[[Path, int, Progress], None]
    modality: Literal["image", "series", "rust"] = "image"


# The machines bring SciPy with them, which a page that only lists the samples should not wait for.
def _pump(out: Path, seed: int, progress: Progress) -> None:
    from core.datasets.synthetic.machines import pump

    pump.write(out, seed, progress)


def _turbofan(out: Path, seed: int, progress: Progress) -> None:
    from core.datasets.synthetic.machines import turbofan

    turbofan.write(out, seed, progress)


def _bearing(out: Path, seed: int, progress: Progress) -> None:
    from core.datasets.synthetic.machines import bearing

    bearing.write(out, seed, progress)


def _rust(out: Path, seed: int, progress: Progress) -> None:
    write_rust(out, seed=seed, progress=progress)


def _parts(out: Path, seed: int, progress: Progress) -> None:
    write_parts(out, seed=seed, progress=progress)


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        Sample(
            "parts",
            "Machined parts",
            "Turned steel flanges: 60 good ones to learn from, 20 good and 56 faulty ones to test on, with masks.",
            _parts,
        ),
        Sample(
            "pump",
            "Pump",
            "Thirteen correlated sensors, read every ten seconds: 20,000 normal steps to learn from; to test on, "
            "20,000 more normal ones and 20,000 with 21 faults of stated size, their moments and culprits known.",
            _pump,
            modality="series",
        ),
        Sample(
            "turbofan",
            "Turbofans",
            "Thirty jet engines, flown to failure in six operating regimes: 18 to learn from, 12 held out; "
            "when which sensors begin to tell of wear is known.",
            _turbofan,
            modality="series",
        ),
        Sample(
            "rust",
            "Rusting flanges",
            "Three steel flanges, photographed weekly in two views for six weeks under changing light, with dust; "
            "two of them rust. The exact rust of every photograph is known.",
            _rust,
            modality="rust",
        ),
        Sample(
            "bearing",
            "Bearings",
            "Vibration at 12 kHz: four normal bearings to learn from; to test on, two normal ones and three in which "
            "a fault of the outer race, the inner race or a ball grows from a known moment.",
            _bearing,
            modality="series",
        ),
    )
}
