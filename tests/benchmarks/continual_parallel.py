"""Would the learner of the continual loop gain from being spread? One training step on one core, split between two
processes (DistributedDataParallel over gloo), and on a GPU where there is one.

    python -m tests.benchmarks.continual_parallel [--steps 500]

A step is what the loop does: a batch of 16 with 32 replayed samples, 48 in all, forward, backward, Adam.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from core.continual.dynamics.alignment import Alignment
from core.continual.network import FusionNetwork

WIDTHS, SHARED, HIDDEN, BATCH = (16, 36, 60), 8, 64, 48
WARM = 50  # steps before the clock starts


def network() -> FusionNetwork:
    """As wide as the plant's."""
    rng = np.random.default_rng(0)
    maps = tuple(rng.standard_normal((width, SHARED)).astype(np.float32) for width in WIDTHS)
    centres = tuple(np.zeros(width, np.float32) for width in WIDTHS)
    return FusionNetwork(WIDTHS, Alignment(maps, centres), HIDDEN)


def step_times(model: nn.Module, batch: int, steps: int, device: str = "cpu") -> tuple[float, float]:
    """Of a training step in microseconds: the median by the clock, and the mean of this process's own computing, which
    other work on the machine does not lengthen."""
    optimiser = torch.optim.Adam(model.parameters())
    inputs = torch.randn(batch, sum(WIDTHS), device=device)
    mask = torch.ones(batch, len(WIDTHS), device=device)
    label = (torch.rand(batch, device=device) < 0.1).float()
    taken: list[float] = []
    computed = 0.0
    for step in range(WARM + steps):
        if step == WARM:
            computed = time.process_time()
        started = time.perf_counter()
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(inputs, mask), label).backward()
        optimiser.step()
        if device == "cuda":
            torch.cuda.synchronize()
        if step >= WARM:
            taken.append(time.perf_counter() - started)
    return 1e6 * float(np.median(taken)), 1e6 * (time.process_time() - computed) / steps


def _half(rank: int, steps: int, found: Any) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29517"}
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    times = step_times(DistributedDataParallel(network()), BATCH // 2, steps)
    if rank == 0:
        found[:] = times
    torch.distributed.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=500)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    found = torch.multiprocessing.get_context("spawn").Array("d", 2)
    torch.multiprocessing.spawn(_half, args=(steps, found), nprocs=2)
    rows = {"one process": step_times(network(), BATCH, steps), "each of two, half a batch": tuple(found)}
    if torch.cuda.is_available():
        rows[torch.cuda.get_device_name()] = step_times(network().cuda(), BATCH, steps, "cuda")
    print("| | by the clock, µs | own computing, µs |\n|---|---|---|")
    for name, (clock, own) in rows.items():
        print(f"| {name} | {clock:.0f} | {own:.0f} |")


if __name__ == "__main__":
    main()
