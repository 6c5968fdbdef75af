"""What can be done with selected models: look, rename, tag, take along, train again, delete and bring back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.detectors.registry import REGISTRY
from core.store.models import ModelRow
from core.ui import blocks, bycategory, errors, gates, nav, rooms, state, words
from core.ui.inspect.scored import calibration_of
from core.ui.labels import detector, modality
from core.ui.models import export, extend, table
from core.ui.train import cards, request
from core.ui.verdicts import default_limits

_DELETED = "_deleted_models"  # ids that the last delete removed, to undo it


def show(chosen: Sequence[ModelRow]) -> None:
    """The bar of actions under the table."""
    with st.container(horizontal=True, vertical_alignment="center", key="model-actions"):
        if not chosen:
            st.caption("Select a model in the table to open, rename, tag or download it; two or more to compare them.")
            return
        st.markdown(
            f"**{words.plain(chosen[0].name)}**" if len(chosen) == 1 else f"**{len(chosen)} models**", width="content"
        )
        if len(chosen) == 1:
            _single(chosen[0])
        if st.button("Delete", icon=":material/delete:", key="delete-models"):
            _delete(chosen)
    if len(chosen) == 1:
        extend.under_way(chosen[0])
        extend.forgot(chosen[0])
        if chosen[0].manifest.calibration.categories:
            with errors.shown():
                found = calibration_of(chosen[0].id)
                usual = default_limits(found)
                bycategory.table(found, {"review": usual.review, "reject": usual.reject}, key="model-by-category")


def _single(row: ModelRow) -> None:
    where = gates.judged_on(modality(row.detector))
    if st.button(nav.PAGES[where][0], icon=nav.PAGES[where][1], type="primary", key="inspect-model"):
        _look_at_its_data(row)
        state.choose(model_id=row.id)
        nav.open_page(where)
    with st.popover("Rename and tag", icon=":material/edit:", key="edit-model"):
        _edit(row)
    entry = REGISTRY.get(row.detector)
    if entry is not None and st.button(
        "Train again with changes",
        icon=":material/model_training:",
        key="retrain-model",
        help="Opens the Train page with this model's settings filled in.",
    ):
        request.fill(entry, row.manifest.params, row.manifest.seed)
        cards.choose(row.detector)
        _look_at_its_data(row)
        nav.open_page("train")
    st.download_button(
        "Download",
        lambda: rooms.models().export_zip(row.id).open("rb"),  # sent from disk, closed by Streamlit
        f"{row.name}.zip",
        "application/zip",
        key="download-model",
        icon=":material/download:",
        on_click="ignore",
        help="A zip that another Faultline can take in.",
    )
    export.popover(row)
    extend.popover(row)


def _look_at_its_data(row: ModelRow) -> None:
    """Make the model's own dataset the current one, where it is in the workspace."""
    if any(dataset.id == row.dataset_id for dataset in rooms.datasets().list()):
        state.choose(dataset_id=row.dataset_id, model_id=row.id)


def _edit(row: ModelRow) -> None:
    known = sorted({tag for model in rooms.models().list() for tag in model.tags})
    with st.form(f"edit-{row.id}", border=False):
        name = st.text_input("Name", row.name, max_chars=120, key=f"name-{row.id}")
        tags = st.multiselect(
            "Tags", known, list(row.tags), key=f"tags-{row.id}", accept_new_options=True, placeholder="Add a tag"
        )
        if st.form_submit_button("Save", type="primary", key=f"save-{row.id}"):
            with errors.shown():
                rooms.models().rename(row.id, name)
                rooms.models().tag(row.id, tags)
                st.rerun()


def _delete(chosen: Sequence[ModelRow]) -> None:
    for row in chosen:
        rooms.models().remove(row.id)
    st.session_state[_DELETED] = [row.id for row in chosen]
    st.toast(f"Deleted {_called(chosen)}.", icon=":material/delete:")
    table.reset()
    st.rerun()


def undo() -> None:
    """Right after a delete: the way back."""
    ids = st.session_state.get(_DELETED, [])
    rows = [row for row in rooms.models().list(deleted=True) if row.id in ids]
    if not rows:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="undo-bar"):
        st.markdown(f":material/delete: Deleted {_called(rows)}.", width="stretch")
        if st.button("Undo", icon=":material/undo:", key="undo-delete"):
            restore(rows)
            st.rerun()


def restore(rows: Sequence[ModelRow]) -> None:
    for row in rows:
        rooms.models().restore(row.id)
    st.session_state.pop(_DELETED, None)
    table.reset()


def removed() -> None:
    """The list of deleted models, folded away."""
    rows = rooms.models().list(deleted=True)
    if not rows:
        return
    with st.expander(f"Deleted models · {len(rows)}", icon=":material/delete:"):
        for row in rows:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{words.plain(row.name)}** · {words.plain(detector(row.detector))}", width="stretch")
                st.caption(f"deleted {blocks.ago(row.deleted_at or row.created_at)}", width="content")
                if st.button("Restore", icon=":material/restore:", key=f"restore-{row.id}"):
                    restore([row])
                    st.rerun()


def _called(rows: Sequence[ModelRow]) -> str:
    return f"«{words.plain(rows[0].name)}»" if len(rows) == 1 else f"{len(rows)} models"
