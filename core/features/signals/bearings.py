"""The frequencies at which a faulty rolling bearing is struck (Randall and Antoni, MSSP 25, 2011, eq. 1 to 4)."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians


@dataclass(frozen=True, slots=True)
class FaultFrequencies:
    """In the unit of the shaft speed they were asked for, Hz or orders."""

    bpfo: float  # a spot of the outer race is passed by a rolling element
    bpfi: float  # a spot of the inner race is
    bsf: float  # a rolling element turns about itself; a spot on it strikes a race twice as often
    ftf: float  # the cage goes round


@dataclass(frozen=True, slots=True)
class Bearing:
    """Geometry: both diameters in the same unit, the contact angle in degrees."""

    elements: int
    element_diameter: float
    pitch_diameter: float
    contact_angle: float = 0.0

    def fault_frequencies(self, shaft: float) -> FaultFrequencies:
        """For an inner race that turns at ``shaft`` and an outer one that stands still, without slip."""
        ratio = self.element_diameter / self.pitch_diameter * cos(radians(self.contact_angle))
        return FaultFrequencies(
            bpfo=shaft * self.elements / 2 * (1 - ratio),
            bpfi=shaft * self.elements / 2 * (1 + ratio),
            bsf=shaft * (1 - ratio**2) * self.pitch_diameter / (2 * self.element_diameter),
            ftf=shaft / 2 * (1 - ratio),
        )


# The bearings of the CWRU test rig, diameters in inch (Case Western Reserve University Bearing Data Center).
SKF_6205 = Bearing(9, 0.3126, 1.537)  # drive end
SKF_6203 = Bearing(8, 0.2656, 1.122)  # fan end
