"""A continual run as the page shows it. Records are read from disk and kept by run, which never changes; no learner is
loaded and none is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.ui import rooms

if TYPE_CHECKING:
    from core.continual.types import MethodRun, Records
    from core.store.continualrun import ContinualRun
    from core.store.continualruns import ContinualRow

STATED = ("hellinger", "sigma", "bound")  # what a learner has to tell for its watch to be drawn


@dataclass(frozen=True)
class Shown:
    """One run, and which of its seeds is looked at where a figure is of one seed."""

    id: str
    run: ContinualRun
    seed: int

    @property
    def methods(self) -> list[str]:
        """That ran on every seed or some, in the order of the configuration."""
        return list(dict.fromkeys(one.method for one in self.run.info.runs))

    @property
    def seeds(self) -> list[int]:
        return sorted({one.seed for one in self.run.info.runs})

    @property
    def starts(self) -> list[int]:
        """First step of each task."""
        return [task * self.run.config.stream.steps for task in range(len(self.run.info.tasks))]

    @property
    def report(self) -> dict[str, Any]:
        return self.run.report

    def of(self, method: str) -> MethodRun:
        """The records of a method on the chosen seed."""
        return _method_run(self.id, method, self.seed, self.run)

    @property
    def here(self) -> list[str]:
        """The methods that ran on the chosen seed."""
        return [one.method for one in self.run.info.runs if one.seed == self.seed]

    def records(self) -> Records:
        """All of them."""
        return _records(self.id, self.run)


def rows() -> list[ContinualRow]:
    """The runs of this workspace, newest first."""
    return rooms.continual_runs().list()


def opened(run_id: str) -> ContinualRun:
    """UserError where it is damaged."""
    return _opened(run_id)


def title(name: str) -> str:
    """What a method is called; the bare name where this Faultline does not know it."""
    from core.continual.methods.registry import METHODS

    return METHODS[name].title if name in METHODS else name


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(run_id: str) -> ContinualRun:
    return rooms.continual_runs().get(run_id)


@st.cache_resource(max_entries=48, show_spinner=False)
def _method_run(run_id: str, method: str, seed: int, _run: ContinualRun) -> MethodRun:
    return _run.method_run(method, seed)


@st.cache_resource(max_entries=2, show_spinner="Reading the records")
def _records(run_id: str, _run: ContinualRun) -> Records:
    return _run.records()
