"""A fleet of two-spool turbofans, flown to failure: one row per flight, six operating regimes, wear with a known onset.

Altitude, Mach number and throttle set the temperature and pressure at the inlet (standard atmosphere, isentropic
stagnation); the rest of the gas path follows by corrected speeds. After the onset one component wears exponentially, as
in Saxena et al. (PHM 2008), whose regimes and sensor names these are. Here, other than there, the onset is known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import faultline
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.progress import Progress

SENSORS = (
    Sensor("altitude", "kft", "condition"),
    Sensor("Mach number", None, "condition"),
    Sensor("throttle resolver angle", "deg", "condition"),
    Sensor("T2", "°R"),
    Sensor("T24", "°R"),
    Sensor("T30", "°R"),
    Sensor("T50", "°R"),
    Sensor("P2", "psia"),
    Sensor("P30", "psia"),
    Sensor("Nf", "rpm"),
    Sensor("Nc", "rpm"),
    Sensor("phi", "pps/psi"),
    Sensor("BPR", None),
    Sensor("W31", "lbm/s"),
    Sensor("W32", "lbm/s"),
)
COLUMN = {sensor.name: index for index, sensor in enumerate(SENSORS)}
N_CONDITIONS = 3
REGIMES = ((0, 0.0, 100), (10, 0.25, 100), (20, 0.70, 100), (25, 0.62, 60), (35, 0.84, 100), (42, 0.84, 100))
FLUTTER = (0.002, 0.0003, 0.0)  # sd of the settings about their regime
NOISE = 0.002  # sd of a reading, as a share of it
PIECE_TO_PIECE = 0.001  # of new engines, as a share of the reading

# Which way, and how far beside the most moved sensor, a worn component moves what the sensors read.
WEAR: dict[str, dict[str, float]] = {
    "high-pressure compressor": {"T24": 0.6, "T30": 1.0, "T50": 1.0, "P30": -0.8, "phi": -0.9},
    "fan": {"Nf": 0.8, "BPR": 1.0, "W31": -0.7, "W32": -0.7},
}
END_SD = 10.0  # shift of the most moved sensor at the failure, in sd of a reading
STEEPNESS = 3.0  # of the exponential: at half of the time from onset to failure a fifth of the wear is there
LIFE = (130, 320)  # flights
ONSET = (0.45, 0.70)  # share of the life
HEALTHY_SHARE = 0.4  # of each life that stands for normal
TRAIN_SHARE = 0.6  # of the engines


def make(seed: int = 0, *, engines: int = 30) -> SeriesSet:
    """``engines`` runs to failure, the first 60 % of them to learn from. Every run is marked healthy for its first
    40 %, as runs without labels are, and holds the true event: from the onset to the end, with the sensors that move.
    """
    train = round(TRAIN_SHARE * engines)
    return SeriesSet(
        name="turbofan",
        root=Path(),
        format=faultline.FORMAT,
        sensors=SENSORS,
        units=tuple(_engine(seed, number, number < train) for number in range(engines)),
        time_unit="cycle",
        notes=("Simulated. Six operating regimes move the sensors far more than wear does.",),
    )


def write(out: Path, seed: int = 0, progress: Progress = Progress()) -> None:
    """Write ``make(seed)`` into the new folder ``out``, whole or not at all. UserError where there is something."""
    faultline.write(make(seed), out, progress)


def _engine(seed: int, number: int, train: bool) -> SeriesUnit:
    rng = np.random.default_rng([seed, number])
    life = int(rng.integers(*LIFE, endpoint=True))
    onset = int(rng.uniform(*ONSET) * life)
    component = list(WEAR)[number % len(WEAR)]
    settings = np.array(REGIMES)[rng.integers(len(REGIMES), size=life)]
    settings = settings + rng.standard_normal(settings.shape) * FLUTTER
    new = _gas_path(settings, air=rng.normal(0, 1, life))
    new *= 1 + PIECE_TO_PIECE * rng.standard_normal(new.shape[1])

    share = np.zeros(new.shape[1])
    for name, moved in WEAR[component].items():
        share[COLUMN[name] - N_CONDITIONS] = moved
    worn = np.clip((np.arange(life) - onset + 1) / (life - onset), 0, 1)
    damage = np.expm1(STEEPNESS * worn) / np.expm1(STEEPNESS)
    shift = END_SD * damage[:, None] * share + rng.standard_normal(new.shape)  # sd of a reading
    values = np.concatenate([settings, new * (1 + NOISE * shift)], axis=1)

    culprits = tuple(sorted(COLUMN[name] for name in WEAR[component]))
    name = f"engine {number + 1}"
    return SeriesUnit(
        name=name,
        machine=name,
        split="train" if train else "test",
        values=np.round(values, 4).astype(np.float32),
        time=np.arange(1, life + 1, dtype=np.float64),
        events=(Event(onset, life, culprits, f"{component} wear"),),
        healthy=int(HEALTHY_SHARE * life),
        failed=True,
        life_left=0.0,
    )


def _gas_path(settings: NDArray[np.float64], air: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 12) readings of a new engine at altitude in kft, Mach number and throttle in % (n, 3), on days that are
    ``air`` (n,) °R warmer than the standard atmosphere."""
    altitude, mach, throttle = settings.T
    static = 518.67 - 3.566 * np.minimum(altitude, 36.09)  # °R, constant above the tropopause
    pressure = 14.696 * (static / 518.67) ** 5.2559 * np.exp(-np.maximum(altitude - 36.09, 0) / 20.8)  # psia
    stagnation = 1 + 0.2 * mach**2
    t2, p2 = (static + air) * stagnation, pressure * stagnation**3.5
    theta, delta = t2 / 518.67, p2 / 14.696
    fan = 0.62 + 0.38 * throttle / 100  # corrected speeds, 1 at full throttle
    core = 0.86 + 0.14 * throttle / 100
    flow = delta / np.sqrt(theta)
    p30 = p2 * 37.7 * core**5
    return np.stack(
        [
            t2,
            t2 * (1 + 0.24 * fan**2),
            t2 * (1 + 2.06 * core**2),
            t2 * (1 + 1.71 * core**3),
            p2,
            p30,
            2388 * np.sqrt(theta) * fan,
            9050 * np.sqrt(theta) * core,
            0.94 * p30 * np.sqrt(theta),
            8.4 + 1.2 * (1 - fan) + 0.3 * mach,
            39.0 * flow * core**3,
            23.4 * flow * core**3,
        ],
        axis=1,
    )
