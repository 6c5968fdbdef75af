"""From the name of a method to the thing that runs."""

from __future__ import annotations

from core.continual.contract import Strategy
from core.continual.learner import LoopLearner
from core.continual.learnerconfig import LearnerConfig
from core.continual.methods.registry import method
from core.continual.types import Stream


def strategy(name: str, config: LearnerConfig, stream: Stream, seed: int) -> Strategy:
    """A method with the options that all methods of a comparison share. UserError where there is none of this name."""
    found = method(name)
    return LoopLearner(found.options(config.model_dump()), stream, seed)
