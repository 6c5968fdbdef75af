"""What can be done with selected runs: compare, open, repeat, change, annotate, take along, delete and bring back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.detectors.base import DetectorInfo
from core.detectors.registry import REGISTRY
from core.ui import blocks, errors, gates, nav, rooms, state, words
from core.ui.compare import chosen as contestants
from core.ui.compare import runrows
from core.ui.compare.runrows import Line
from core.ui.train import cards, request

_DELETED = "_deleted_runs"  # ids that the last delete removed, to undo it
AGAIN = {"Score again": "score", "Train and score again": "train"}


def show(chosen: Sequence[Line], shown: Sequence[Line]) -> None:
    """The bar under the table."""
    with st.container(horizontal=True, vertical_alignment="center", key="run-actions"):
        if not chosen:
            st.caption("Select two to six runs over one dataset to compare them; one to open, repeat or change it.")
        else:
            _compare(chosen)
            if len(chosen) == 1:
                _single(chosen[0])
            if st.button("Delete", icon=":material/delete:", key="delete-runs"):
                _delete(chosen)
        st.space("stretch")
        st.download_button(
            "CSV", lambda: runrows.csv(shown), "runs.csv", "text/csv", key="runs-csv", icon=":material/download:",
            on_click="ignore", help="The runs shown, with every setting and every interval.",
        )  # fmt: skip


def _compare(chosen: Sequence[Line]) -> None:
    datasets = {line.dataset.id for line in chosen}
    fits = len(datasets) == 1 and contestants.LEAST <= len(chosen) <= contestants.MOST
    st.button(
        f"Compare {len(chosen)}" if len(chosen) > 1 else "Compare",
        type="primary", icon=":material/compare_arrows:", key="compare-runs", disabled=not fits,
        help=None if fits else "Two to six runs over one dataset compare.", on_click=_take_part, args=(chosen,),
    )  # fmt: skip


def _take_part(chosen: Sequence[Line]) -> None:
    """Make these runs the ones that are compared, and their dataset the current one."""
    state.choose(dataset_id=chosen[0].dataset.id, model_id=chosen[0].model.id)
    st.query_params.pop(contestants.PIN, None)
    st.query_params[contestants.WITH] = contestants.joined(line.model.id for line in chosen)


def _single(line: Line) -> None:
    where = gates.judged_on(line.modality)
    if st.button(nav.PAGES[where][0], icon=nav.PAGES[where][1], key="open-run"):
        state.choose(dataset_id=line.dataset.id, model_id=line.model.id)
        nav.open_page(where)
    if _entry(line) is not None and st.button(
        "Clone and edit", icon=":material/content_copy:", key="clone-run",
        help="Opens the Train page with this model's settings filled in.",
    ):  # fmt: skip
        _clone(line)
    st.menu_button(
        "Run again", [name for name in AGAIN if AGAIN[name] == "score" or _entry(line) is not None],
        icon=":material/replay:", key="again-run", on_click=_again, args=(line,),
        help="The same model over the same dataset, or the same settings from the start, in the background.",
    )  # fmt: skip
    with st.popover("Tags and note", icon=":material/edit:", key="edit-run"):
        _edit(line)


def _entry(line: Line) -> DetectorInfo | None:
    return REGISTRY.get(line.model.detector)


def _clone(line: Line) -> None:
    entry = REGISTRY[line.model.detector]
    request.fill(entry, line.model.manifest.params, line.model.manifest.seed)
    cards.choose(entry.name)
    state.choose(dataset_id=line.dataset.id, model_id=line.model.id)
    nav.open_page("train")


def _again(line: Line) -> None:
    kind, name = AGAIN[st.session_state["again-run"]], f"{line.model.name} over {line.dataset.name}, again"
    with errors.shown():
        spec = {"model_id": line.model.id, "dataset_id": line.dataset.id} if kind == "score" else _from_the_start(line)
        rooms.jobs().submit(kind, spec, title=name, force=True)
        st.toast(f"«{words.plain(name)}» is under way.", icon=":material/replay:")


def _from_the_start(line: Line) -> dict[str, object]:
    """The wish for a model like this one. Of recordings it also says whether machines share it, and how raw signals are
    cut. UserError where the model no longer tells."""
    spec = {
        "dataset_id": line.dataset.id,
        "detector": line.model.detector,
        "params": dict(line.model.manifest.params),
        "seed": line.model.manifest.seed,
        "exclude": sorted(rooms.datasets().excluded(line.dataset.id)),
        "name": line.model.name,
    }
    if line.modality != "series":
        return spec
    from core.detectors.series.model import SHARED
    from core.detectors.series.outline import Outline

    about = Outline.load(rooms.models().folder(line.model.id) / "state")
    scope = "one" if SHARED in about.machines else "each"
    return spec | {"scope": scope, "frontend": about.frontend.model_dump(mode="json")}


def _edit(line: Line) -> None:
    known = sorted({tag for other in runrows.lines() for tag in other.run.tags})
    with st.form(f"edit-{line.run.id}", border=False):
        tags = st.multiselect(
            "Tags", known, list(line.run.tags), key=f"run-tags-{line.run.id}", accept_new_options=True,
            placeholder="Add a tag",
        )  # fmt: skip
        note = st.text_area("Note", line.run.note, key=f"run-note-{line.run.id}", height=110)
        if st.form_submit_button("Save", type="primary", key=f"save-run-{line.run.id}"):
            with errors.shown():
                rooms.runs().annotate(line.run.id, tags=tags, note=note)
                st.rerun()


def _delete(chosen: Sequence[Line]) -> None:
    for line in chosen:
        rooms.runs().remove(line.run.id)
    st.session_state[_DELETED] = [line.run.id for line in chosen]
    st.toast(f"Deleted {_called(chosen)}.", icon=":material/delete:")
    _redraw()
    st.rerun()


def undo(removed: Sequence[Line]) -> None:
    """Right after a delete: the way back. ``removed`` are all deleted runs."""
    gone = [line for line in removed if line.run.id in st.session_state.get(_DELETED, [])]
    if not gone:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="undo-runs-bar"):
        st.markdown(f":material/delete: Deleted {_called(gone)}.", width="stretch")
        if st.button("Undo", icon=":material/undo:", key="undo-runs"):
            _restore(gone)


def removed(gone: Sequence[Line]) -> None:
    """The deleted runs, folded away."""
    if not gone:
        return
    with st.expander(f"Deleted runs · {len(gone)}", icon=":material/delete:"):
        for line in gone:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"**{words.plain(line.model.name)}** over {words.plain(line.dataset.name)}", width="stretch"
                )
                st.caption(f"deleted {blocks.ago(line.run.deleted_at or line.run.created_at)}", width="content")
                if st.button("Restore", icon=":material/restore:", key=f"restore-run-{line.run.id}"):
                    _restore([line])


def _restore(gone: Sequence[Line]) -> None:
    for line in gone:
        rooms.runs().restore(line.run.id)
    st.session_state.pop(_DELETED, None)
    _redraw()
    st.rerun()


def _redraw() -> None:
    """Draw the table anew without a selection: its rows have changed."""
    st.session_state["_runs_generation"] = st.session_state.get("_runs_generation", 0) + 1
    st.query_params.pop("runs", None)


def _called(chosen: Sequence[Line]) -> str:
    first = chosen[0]
    return f"the run of «{words.plain(first.model.name)}»" if len(chosen) == 1 else f"{len(chosen)} runs"
