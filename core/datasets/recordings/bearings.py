"""Geometry of the bearings in the vibration sets: what their fault frequencies follow from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bearing:
    """Diameters in millimetres, contact angle in degrees."""

    name: str
    balls: int
    ball_diameter: float
    pitch_diameter: float
    contact_angle: float = 0.0


# Case Western Reserve University Bearing Data Center, "Bearing Information" (given there in inches).
CWRU_DRIVE_END = Bearing("SKF 6205-2RS", 9, 0.3126 * 25.4, 1.537 * 25.4)
CWRU_FAN_END = Bearing("SKF 6203-2RS", 8, 0.2656 * 25.4, 1.122 * 25.4)
# Nectoux et al., PRONOSTIA: An experimental platform for bearings accelerated degradation tests (PHM 2012), table 1.
FEMTO = Bearing("NSK 6804DD", 13, 3.5, 25.6)
