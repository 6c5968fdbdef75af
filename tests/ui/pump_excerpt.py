"""The excerpt of the sample pump that the Start page shows: ``python -m tests.ui.pump_excerpt`` writes it anew.

The page must not wait for the library that simulates the pump.
"""

from __future__ import annotations

import json
from typing import Any

from core.datasets.synthetic.machines import pump
from core.ui.onboarding import EXCERPT

SENSORS = ("bearing_temperature_nde", "bearing_temperature_de", "motor_current")
START, STOP, EVERY = 6900, 7800, 4


def excerpt() -> dict[str, Any]:
    """Few readings of three sensors around one fault of the sample (seed 0), and where the fault lies among them."""
    data = pump.make(0)
    unit = data.by_name["test-faults"].cut(START, STOP)
    (event,) = unit.events or ()
    columns = [pump.COLUMN[name] for name in SENSORS]
    return {
        "step": list(range(START, STOP, EVERY)),
        "sensors": {
            name: [round(float(value), 3) for value in unit.values[::EVERY, column]]
            for name, column in zip(SENSORS, columns, strict=True)
        },
        "units": [data.sensors[column].unit for column in columns],
        "fault": [START + event.start, START + event.stop - 1],
        "kind": event.kind,
        "culprits": [data.sensors[column].name for column in event.sensors],
    }


if __name__ == "__main__":
    EXCERPT.write_text(json.dumps(excerpt()) + "\n", encoding="utf-8")
