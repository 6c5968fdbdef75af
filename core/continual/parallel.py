"""Data parallelism of the loop's training step: each process puts its share of a step's samples through the network.

All processes walk the same stream with the same seeds, hold the same memory and choose the same samples to replay; what
they share out is the pass through the network, forward and back. The loss of a step is no mean over single samples (a
tail of critical losses, a divergence of two copies), so it is taken of all logits together: each process computes it
from its own logits, which have gradients, and those of the others, which have none. The gradients of the processes then
add up to that of one process, and DistributedDataParallel (Li et al., VLDB 2020) adds them.

The calling process is the first of them, and alone reports and writes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from core.errors import UserError

ARRIVAL = timedelta(minutes=2)  # until all processes must have come
LEAVING_S = 60.0  # from a connection that breaks to the end of the process that held it
LOOK_S = 0.05  # between two looks whether they have
PATIENCE = timedelta(hours=1)  # for the others to take their step; one that ended is noticed at once
Forward = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Crew:
    """The processes that take a step together: ``size`` of them, of which this is number ``rank``."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process reports and writes."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """A GPU of its own where every process has one, the processor otherwise."""
        alone = self.size == 1 or torch.cuda.device_count() < self.size
        return torch.device("cpu") if alone else torch.device("cuda", self.rank)

    def forward(self, network: nn.Module) -> Forward:
        """``network`` as a function of inputs (n, width) and mask (n, modalities) that gives the logits (n,) of all
        samples, for one backward pass through `descend` each time."""
        if self.size == 1:
            return network
        shared = DistributedDataParallel(network)

        def joined(inputs: Tensor, mask: Tensor) -> Tensor:
            own = torch.arange(self.rank, len(inputs), self.size, device=inputs.device)
            found = shared(inputs[own], mask[own])
            told = torch.zeros(len(inputs), device=inputs.device).index_add(0, own, found.detach())
            distributed.all_reduce(told)
            return told.index_put((own,), found)

        return joined

    def descend(self, loss: Tensor) -> None:
        """Gradients of ``loss`` into the parameters: DistributedDataParallel gives the mean over processes, of which
        each has a part of the whole."""
        torch.autograd.backward(loss * self.size)

    def meet(self) -> None:
        """Wait for the others."""
        if self.size > 1:
            distributed.barrier()


ALONE = Crew()


def processes(asked: int) -> int:
    """How many processes take a step: ``asked``, or where that is 0 one for each GPU if there are two, else one."""
    if asked:
        return asked
    return torch.cuda.device_count() if torch.cuda.device_count() >= 2 else 1


@contextmanager
def crew(size: int, follow: Callable[[Crew], object]) -> Iterator[Crew]:
    """``size`` processes for as long as the context lasts: this one, and others that ``follow``, which does what this
    process does within the context. It is sent to them: a function of a module, its arguments bound by ``partial``.

    UserError where one of the others ended before its time; what it said stands on the error output.
    """
    if size == 1:
        yield ALONE
        return
    start, threads = torch.multiprocessing.get_context("spawn").Process, torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "meeting")
        others = [start(target=_join, args=(Crew(rank, size), place, follow), daemon=True) for rank in range(1, size)]
        for one in others:
            one.start()
        try:
            _await(others, _meeting(place, size))
            yield _connected(Crew(0, size), place)
        except RuntimeError as error:
            closing = wait([one.sentinel for one in others], LEAVING_S)
            for one in others:
                if one.sentinel in closing:
                    one.join()  # its end of the pipe closes before it has an exit code
            if not any(one.exitcode for one in others):
                raise
            what, remedy = "A process of a data-parallel run ended", "Its message is on the error output"
            raise UserError(what, f"{size} processes", f"{remedy}; or set processes to 1") from error
        finally:
            for one in others:  # they hold nothing that is not here
                one.terminate()
                one.join()
            if distributed.is_initialized():
                distributed.destroy_process_group()
            torch.set_num_threads(threads)


def _join(me: Crew, place: str, follow: Callable[[Crew], object]) -> None:
    _meeting(place, me.size).set(_here(me.rank), "")
    follow(_connected(me, place))


def _await(others: Sequence[SpawnProcess], meeting: Any) -> None:
    """Until all others have come. Connecting itself would wait for one that ended on its way for as long as for a
    step."""
    until = time.monotonic() + ARRIVAL.total_seconds()
    while not meeting.check([_here(rank) for rank in range(1, len(others) + 1)]):
        if any(one.exitcode is not None for one in others) or time.monotonic() > until:
            raise RuntimeError("not all processes of a data-parallel run have come")
        time.sleep(LOOK_S)


def _here(rank: int) -> str:
    return f"process {rank} is here"


def _meeting(place: str, size: int) -> Any:
    """A torch Store, whose public names torch's own stubs lack."""
    meeting = distributed.FileStore(place, size)  # type: ignore[attr-defined]
    meeting.set_timeout(ARRIVAL)
    return meeting


def _connected(me: Crew, place: str) -> Crew:
    torch.set_num_threads(1)
    if me.device.type == "cuda":
        torch.cuda.set_device(me.device)
    backend = "nccl" if me.device.type == "cuda" else "gloo"
    distributed.init_process_group(
        backend, store=_meeting(place, me.size), rank=me.rank, world_size=me.size, timeout=PATIENCE
    )
    return me
