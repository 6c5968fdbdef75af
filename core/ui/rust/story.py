"""An analysis as the page shows it: what was found of each part, and the pictures of each time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.severity.correction import Correction, from_json
from core.severity.filenames import ONLY_VIEW
from core.severity.settings import RustSettings
from core.severity.types import Curve, PartResult, Photo
from core.store.rustanalyses import RustAnalysisRow
from core.store.rustanalysis import StoredAnalysis
from core.ui import rooms
from core.ui.rust import measures

VIEW, LAYERS = "view", "seen"  # names in the URL


@dataclass(frozen=True)
class Seen:
    """One photograph of an analysis: the picture at display size, what lies over it, and what was odd about it."""

    origin: Photo
    photo: Path
    remarks: tuple[str, ...]
    stored: StoredAnalysis

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        height, width = self.stored.rgb(self.origin).shape[:2]
        return width, height

    def rust(self, measure: str) -> Path | None:
        return self.stored.picture(self.origin, measure, "rust")

    def heat(self, measure: str) -> Path | None:
        return self.stored.picture(self.origin, measure, "heat")


@dataclass(frozen=True)
class Story:
    """``id`` differs for the same photographs judged anew. ``parts`` by name, those found by the analysis."""

    id: str
    set_id: str
    name: str
    settings: RustSettings
    parts: tuple[PartResult, ...]
    fleet: Curve | None
    notes: tuple[str, ...]
    corrections: dict[str, Correction]
    seen: dict[str, tuple[Seen, ...]]

    def picture(self, part: str, hours: float, view: str | None) -> Seen:
        """The photograph of a part at a time from ``view``, or from another side where that one is missing."""
        there = [one for one in self.seen[part] if one.origin.hours == hours]
        return next((one for one in there if one.origin.view == view), there[0])

    def remarks(self, result: PartResult) -> list[str]:
        """What is to be said of a part beyond single photographs, whose remarks stand beside them."""
        single = {remark for one in self.seen[result.part] for remark in one.remarks}
        return [remark for remark in result.remarks if not any(remark.endswith(other) for other in single)]

    def views(self, part: str) -> list[str]:
        """The sides from which a part was photographed, those seen most often first."""
        found = [one.origin.view for one in self.seen[part]]
        return sorted(set(found), key=lambda view: (-found.count(view), view != ONLY_VIEW, view))


def rows() -> list[RustAnalysisRow]:
    """The analyses of this workspace, newest first."""
    return rooms.rust_analyses().list()


def names(listed: list[RustAnalysisRow]) -> dict[str, str]:
    """What the analyses are called: as their photographs."""
    sets = {row.id: row.name for row in rooms.rust_photos().list()}
    return {row.id: sets[row.set_id] for row in listed if row.set_id in sets}


def load(row: RustAnalysisRow) -> Story:
    """The analysis of a row. UserError where it is gone or damaged."""
    return _load(row.id, row.created_at, row)


@st.cache_resource(max_entries=4, show_spinner=False)
def _load(analysis_id: str, created_at: float, _row: RustAnalysisRow) -> Story:
    stored, judged = rooms.rust_analyses().get(analysis_id), rooms.rust_analyses().judged(analysis_id)
    seen: dict[str, tuple[Seen, ...]] = {}
    for record in stored.records():
        one = Seen(record.photo, stored.jpeg(record.photo), record.remarks, stored)
        seen[record.photo.part] = (*seen.get(record.photo.part, ()), one)
    return Story(
        id=f"{analysis_id[:12]}-{created_at:.0f}",
        set_id=_row.set_id,
        name=rooms.rust_photos().row(_row.set_id).name,
        settings=judged.settings,
        parts=judged.parts,
        fleet=judged.fleet,
        notes=judged.notes,
        corrections=from_json(stored.info.corrections),
        seen=seen,
    )


def choose_view(story: Story, part: str) -> str:
    """The side from which the part is looked at; a control where there are several."""
    views = story.views(part)
    if len(views) == 1:
        return views[0]
    chosen = st.selectbox("View", views, key=VIEW, bind="query-params", width=110)
    return chosen if chosen in views else views[0]


def choose_layers(story: Story) -> str:
    """The measure whose rust and heatmap lie over the photograph."""
    known = measures.titles()
    taken = [name for name in known if name in story.parts[0].curves]
    lead = story.settings.rust_measure
    if len(taken) < 2:
        return lead
    labels = {known[name].title: name for name in taken}
    titles = list(labels)
    index = taken.index(lead) if lead in taken else 0
    chosen = st.selectbox("Rust seen by", titles, index=index, key=LAYERS, bind="query-params", width=200)
    return labels.get(str(chosen), lead)
