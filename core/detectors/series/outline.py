"""What can be known of a saved model over time without its detector: cheap, and free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.datasets.series import Sensor, SeriesSet
from core.detectors.series.description import Description
from core.detectors.series.model import SHARED, aligned
from core.detectors.series.scaling import Scaler
from core.features.signals.front_end import FrontEnd


@dataclass(frozen=True)
class Outline:
    """Of what ``SeriesModel.save`` wrote into ``folder``."""

    folder: Path
    sensors: tuple[Sensor, ...]
    raw_sensors: tuple[Sensor, ...]
    frontend: FrontEnd
    machines: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path) -> Outline:
        about = Description.read(folder)
        return cls(folder, about.sensors, about.raw_sensors, about.frontend, about.members)

    @property
    def signals(self) -> list[Sensor]:
        """The sensors that parts and causes are about, in their order."""
        return [sensor for sensor in self.sensors if sensor.role == "signal"]

    def prepared(self, data: SeriesSet) -> SeriesSet:
        """As ``SeriesModel.prepared``."""
        return self.frontend.apply(aligned(data, self.raw_sensors))

    def scaler(self, machine: str) -> Scaler:
        """Of the member that judges a machine. KeyError for one that no member has learned."""
        name = SHARED if SHARED in self.machines else machine
        if name not in self.machines:
            raise KeyError(machine)
        return Scaler.load(self.folder / f"{sorted(self.machines).index(name):04}" / "scaler.safetensors")
