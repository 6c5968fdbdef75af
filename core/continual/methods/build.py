"""From the name of a method to the thing that runs."""

from __future__ import annotations

from core.continual.contract import Strategy
from core.continual.learner import LoopLearner
from core.continual.learnerconfig import LearnerConfig
from core.continual.methods.banks import PatchBanks
from core.continual.methods.references import SpadeReference, UsadReference
from core.continual.methods.registry import method
from core.continual.parallel import ALONE, Crew
from core.continual.types import Stream


def strategy(name: str, config: LearnerConfig, stream: Stream, seed: int, crew: Crew = ALONE) -> Strategy:
    """A method with the options that all methods of a comparison share. UserError where there is none of this name, or
    where the stream lacks what it reads. ``crew``: the processes that train a loop method together."""
    found = method(name)
    options = found.options(config.model_dump())
    if found.kind == "bank":
        return PatchBanks(options, stream, seed, name)
    if found.kind == "reference":
        return {"spade": SpadeReference, "usad": UsadReference}[name](options, stream, seed)
    return LoopLearner(options, stream, seed, crew)
