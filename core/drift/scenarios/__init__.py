"""Drift made on purpose: kinds of drift times courses over time, applied on the fly to raw data."""

from core.drift.scenarios.course import Drift, Shape, amounts
from core.drift.scenarios.registry import SCENARIOS, Scenario, Surroundings, apply

__all__ = ["SCENARIOS", "Drift", "Scenario", "Shape", "Surroundings", "amounts", "apply"]
