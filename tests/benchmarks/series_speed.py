"""How long detectors over time take on one core: a window at a time, in batches, and per sensor and step.

    python -m tests.benchmarks.series_speed [--sensors 38] [--rounds 30] [--json FILE]

The networks have the weights they begin with: the work is the same. *One window* is ``score_windows`` of a single
window; *one by one* a step pushed into a stream, as a live feed does, holes, both scores and parts included: medians of
single calls. *In batches* is ``score_windows`` (*now* scores of 4,096 windows) and a recording pushed whole (both
scores, parts): the median of ``rounds``, per window. ARIMA and Kalman are fitted to normal running and pushed a block
of 1,000 steps, and a step at a time. Besides the clock it tells the processor's own time, which neighbours disturb
less.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray

from core.detectors import registry
from core.detectors.series.contract import SeriesDetector
from core.detectors.series.reconstruction import Usual
from core.detectors.series_vae.detector import SeriesVae
from core.detectors.series_vae.info import SeriesVaeParams
from core.detectors.series_vae.model import SeriesVaeNetwork
from core.progress import Progress
from tests.benchmarks.live_feed import machine

WINDOWS, BLOCK, SINGLE, WARM = 4096, 1000, 500, 3
VAES: dict[str, dict[str, Any]] = {
    "series VAE, CNN": {},
    "series VAE, CNN, forecasting": {"horizon": 8},
    "series VAE, Transformer": {"encoder": "transformer", "width": 64},
}
FILTERS = ("arima", "kalman")


def timed(call: Callable[[], object], rounds: int, share: int) -> dict[str, float]:
    """Median, of the clock and of the processor's time, of ``call``, in microseconds for each of ``share``."""
    clock, processor = np.empty(rounds), np.empty(rounds)
    for _ in range(WARM):
        call()
    for k in range(rounds):
        began, used = time.perf_counter(), time.thread_time()
        call()
        clock[k], processor[k] = time.perf_counter() - began, time.thread_time() - used
    return {"us": _us(clock, share), "cpu_us": _us(processor, share)}


def _us(seconds: NDArray[np.float64], share: int) -> float:
    return round(1e6 * float(np.median(seconds)) / share, 2)


def single(detector: SeriesDetector, values: NDArray[np.float32]) -> dict[str, float]:
    """Of one step pushed into a stream that has warmed up."""
    stream, steps = detector.stream(), iter(values[BLOCK:])
    stream.push(values[:BLOCK])
    return timed(lambda: stream.push(next(steps)[None]), min(SINGLE, len(values) - BLOCK - WARM), 1)


def vae(settings: dict[str, Any], values: NDArray[np.float32], rounds: int) -> dict[str, Any]:
    """The figures of one kind of VAE on steps (n, d)."""
    params = SeriesVaeParams(**settings)
    detector = SeriesVae(params, 0)
    torch.manual_seed(0)
    sensors = values.shape[1]
    detector._become(SeriesVaeNetwork(sensors, params), Usual.none(sensors))
    view = np.lib.stride_tricks.sliding_window_view(values, detector.context, axis=0).transpose(0, 2, 1)
    windows = np.ascontiguousarray(view[np.arange(WINDOWS) % len(view)])
    stream = detector.stream()
    return {
        "one window, now": timed(lambda: detector.score_windows(windows[:1]), SINGLE, 1),
        "one by one": single(detector, values),
        "now, in batches": timed(lambda: detector.score_windows(windows), rounds, WINDOWS),
        "now and settled, in batches": timed(lambda: stream.push(values[:BLOCK]), rounds, BLOCK),
    }


def filters(values: NDArray[np.float32], rounds: int) -> dict[str, Any]:
    """ARIMA and Kalman, fitted on the first half, per sensor and step."""
    found = {}
    for name in FILTERS:
        detector = registry.build_series(name, registry.parameters(name, {}), 0)
        detector.fit([values[: len(values) // 2]], Progress())
        stream = detector.stream()
        block = timed(lambda stream=stream: stream.push(values[-BLOCK:]), rounds, BLOCK * values.shape[1])
        one = single(detector, values)
        found[name] = {
            "in blocks": block,
            "one by one": {key: round(value / values.shape[1], 2) for key, value in one.items()},
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sensors", type=int, default=38)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", nargs="*", default=[*VAES, *FILTERS], help="parts of names")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    values = machine(1, 6000)[:, : asked.sensors]
    found: dict[str, Any] = {"sensors": values.shape[1]}
    for name, settings in VAES.items():
        if any(part in name for part in asked.only):
            found[f"{name}, window {SeriesVaeParams(**settings).window}"] = vae(settings, values, asked.rounds)
    if any(name in asked.only for name in FILTERS):
        found["per sensor and step"] = filters(values, asked.rounds)
    found["others_load"] = os.getloadavg()[0]
    text = json.dumps(found, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
