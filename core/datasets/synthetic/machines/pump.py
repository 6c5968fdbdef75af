"""A centrifugal pump on a variable-speed drive, read every ten seconds: thirteen sensors that four disturbances drive.

The demand of the plant, the speed that the drive answers with, the level of the suction tank and the ambient
temperature wander independently (AR(1), time constants of half a minute to a minute, so that a recording holds many
of their swings). Everything else follows by the laws of centrifugal pumps: affinity laws, a parabolic head curve,
hydraulic power over efficiency, first-order thermal lags (Gülich, Centrifugal Pumps, 2014). So each sensor can be told
from the others, and one that lies stands out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import faultline
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.datasets.synthetic.machines.faults import SENSOR_FAULTS, inject, upset
from core.datasets.synthetic.machines.latents import ar1, lag
from core.progress import Progress

SENSORS = (
    Sensor("tank_level", "m"),
    Sensor("flow", "m3/h"),
    Sensor("suction_pressure", "bar"),
    Sensor("discharge_pressure", "bar"),
    Sensor("speed", "rpm"),
    Sensor("motor_current", "A"),
    Sensor("motor_power", "kW"),
    Sensor("winding_temperature", "degC"),
    Sensor("bearing_temperature_de", "degC"),
    Sensor("bearing_temperature_nde", "degC"),
    Sensor("fluid_temperature", "degC"),
    Sensor("vibration_de", "mm/s"),
    Sensor("vibration_nde", "mm/s"),
)
COLUMN = {sensor.name: index for index, sensor in enumerate(SENSORS)}

RESOLUTION = (0.001, 0.01, 0.0001, 0.001, 0.1, 0.01, 0.001, 0.01, 0.01, 0.01, 0.01, 0.001, 0.001)  # of the readings
NOISE = (0.06, 0.5, 0.006, 0.01, 2.0, 0.25, 0.06, 0.12, 0.08, 0.08, 0.1, 0.04, 0.035)  # sd of a reading, in its unit
EVERY_S = 10.0  # seconds from one reading to the next
WARM_UP = 150  # steps until the thermal lags have forgotten how they began

# Which way, and how far beside the most moved sensor, a fault of the process moves what the sensors read.
PROCESS_FAULTS: dict[str, dict[str, float]] = {
    # Vapour in the eye of the impeller: less head and flow, less power taken up, and it rattles.
    "cavitation": {
        "flow": -0.8,
        "discharge_pressure": -1.0,
        "motor_power": -0.6,
        "vibration_de": 1.0,
        "vibration_nde": 0.8,
    },
    # A clogged passage of the impeller: less flow at less head, for more current, and an unbalance.
    "blockage": {"flow": -1.0, "discharge_pressure": -0.7, "motor_current": 0.8, "vibration_de": 0.9},
}
TURBULENCE = {"cavitation": 0.6, "blockage": 0.0}
SIZES_SD = (2.0, 3.0, 5.0)  # every kind of fault comes once in each size
LENGTHS = (60, 240)  # steps of a fault, from and to


def make(seed: int = 0, *, steps: int = 20_000) -> SeriesSet:
    """Three recordings of one pump, ``steps`` readings each: one to learn from, one normal and one with faults to test.

    The faults are the sensor faults of ``faults.inject``, each on sensors drawn anew, and the process faults above,
    every kind at 2, 3 and 5 sd, in random order and evenly over the recording. ``steps`` of 8,400 at least hold them.
    """
    train, normal, faulty = (record(seed, number, steps) for number in range(3))
    units = (
        replace(train, name="train", split="train"),
        replace(normal, name="test-normal"),
        replace(_spoilt(faulty, seed), name="test-faults"),
    )
    sizes = ", ".join(f"{size:g}" for size in SIZES_SD)
    return SeriesSet(
        name="pump",
        root=Path(),
        format=faultline.FORMAT,
        sensors=SENSORS,
        units=units,
        time_unit="s",
        rate=1 / EVERY_S,
        notes=(f"Simulated. Every kind of fault comes at {sizes} sd of its sensors' normal spread.",),
    )


def write(out: Path, seed: int = 0, progress: Progress = Progress()) -> None:
    """Write ``make(seed)`` into the new folder ``out``, whole or not at all. UserError where there is something."""
    faultline.write(make(seed), out, progress)


def record(seed: int, number: int, steps: int, cycle: NDArray[np.float64] | None = None) -> SeriesUnit:
    """One normal recording: the pump that ``seed`` names, on day ``number``. ``cycle`` (steps,) is a load cycle that
    the plant asks for, in sd of the demand, which wanders about it; none: about the best efficiency point."""
    values = _simulate(np.random.default_rng([seed, number]), steps, np.zeros(steps) if cycle is None else cycle)
    time = (np.arange(steps, dtype=np.float64) + number * steps) * EVERY_S
    return SeriesUnit(f"day-{number}", "pump-1", "test", values, time, events=())


def _simulate(rng: np.random.Generator, steps: int, cycle: NDArray[np.float64]) -> NDArray[np.float32]:
    n = steps + WARM_UP
    demand, response, level, air, rattle = (ar1(rng, n, tau / EVERY_S) for tau in (30.0, 40.0, 50.0, 60.0, 20.0))
    demand = demand + np.pad(cycle, (WARM_UP, 0), mode="edge")

    speed = 1480 * (1 + 0.02 * response)  # rpm
    ratio = speed / 1480
    flow = 120 * ratio * (1 + 0.09 * demand)  # m3/h
    load = flow / (120 * ratio)  # 1 at the best efficiency point
    head = ratio**2 * (5.6 - 1.4 * load**2)  # bar, affinity laws on a parabolic curve
    tank = 4.0 + 0.6 * level  # m
    suction = 0.5 + 0.0981 * tank - 1.2e-5 * flow**2  # bar, the tank less the friction in the pipe
    efficiency = 0.78 * (1 - 0.5 * (load - 1) ** 2)
    power = flow * head / 36 / efficiency / 0.93  # kW, 1 m3/h at 1 bar is 1/36 kW; motor and drive lose 7 %
    current = power * 1000 / (np.sqrt(3) * 400 * 0.86)  # A
    ambient = 22 + 2.0 * air  # degC

    copper = lag((current / 33) ** 2, 60.0 / EVERY_S)
    friction = lag(ratio**2 * (0.5 + 0.5 * load), 60.0 / EVERY_S)
    winding = lag(ambient, 20.0 / EVERY_S) + 48 * copper
    fluid = 16 + 0.6 * (ambient - 22) + 1.5 * lag(power / flow, 40.0 / EVERY_S) / 0.15
    bearing_de = 0.9 * ambient + 26 * friction + 6 * copper
    bearing_nde = 0.9 * ambient + 21 * friction + 2 * copper
    shake = ratio**2 * (1.8 + 6 * (load - 1) ** 2 + 1.6 * (load - 1)) * (1 + 0.06 * rattle)  # mm/s rms
    true = np.stack(
        [
            tank,
            flow,
            suction,
            suction + head,
            speed,
            current,
            power,
            winding,
            bearing_de,
            bearing_nde,
            fluid,
            shake,
            0.8 * shake,
        ],
        axis=1,
    )[WARM_UP:]
    readings = true + rng.standard_normal(true.shape) * NOISE
    return np.asarray(np.round(readings / RESOLUTION) * RESOLUTION, np.float32)


def _spoilt(unit: SeriesUnit, seed: int) -> SeriesUnit:
    """The recording with every kind of fault in every size, one to each of as many equal stretches."""
    rng = np.random.default_rng([seed, 1000])
    kinds = [(kind, size) for kind in (*SENSOR_FAULTS, *PROCESS_FAULTS) for size in SIZES_SD]
    plan = [kinds[index] for index in rng.permutation(len(kinds))]
    room = len(unit) // len(plan)
    if room < LENGTHS[1] + LENGTHS[0]:
        raise ValueError(f"{len(unit)} steps do not hold {len(plan)} faults")
    for place, (kind, size) in enumerate(plan):
        length = int(rng.integers(*LENGTHS, endpoint=True))
        start = place * room + int(rng.integers(room - length + 1))
        sensor, sign = int(rng.integers(len(SENSORS))), int(rng.choice((-1, 1)))
        if kind in PROCESS_FAULTS:
            signature = {COLUMN[name]: share for name, share in PROCESS_FAULTS[kind].items()}
            unit = upset(unit, signature, start, start + length, kind, size, turbulence=TURBULENCE[kind], seed=seed)
        else:
            unit = inject(unit, sensor, start, start + length, kind, sign * size, seed)
    return unit
