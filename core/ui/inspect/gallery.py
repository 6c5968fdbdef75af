"""The gallery: parts by score, each with its verdict. Only the page in view is drawn."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets.types import ImageItem
from core.errors import UserError
from core.ui import blocks, rooms, words
from core.ui.inspect import exports, filters, navigation, pictures
from core.ui.inspect.scored import Scored
from core.ui.verdicts import LOOKS

PER_PAGE = 24
COLUMNS, TILE_WIDTH = 8, 148


def show(scored: Scored, rows: pd.DataFrame, total: int) -> None:
    """``rows`` as filtered, of ``total`` scored parts."""
    heat = _toolbar(scored, rows, total)
    if rows.empty:
        st.info("No part passes these filters.", icon=":material/filter_alt_off:")
        st.button("Show all parts", key="filters-reset", on_click=_show_all)
        return
    pages = -(-len(rows) // PER_PAGE)
    slots = st.container(key="gallery")
    with st.container(horizontal=True, horizontal_alignment="center"):
        page = min(st.pagination(pages, key=filters.PAGE, bind="query-params"), pages) if pages > 1 else 1
    visible = rows.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    several = len(set(rows["category"])) > 1  # files of different products often share their names
    with slots, st.grid(COLUMNS, min_column_width=TILE_WIDTH, gap="small"):
        for row in visible.to_dict("records"):
            _tile(scored, row, heat=heat, product=several)


def _toolbar(scored: Scored, rows: pd.DataFrame, total: int) -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = f"{len(rows):,} of {total:,}" if len(rows) != total else f"{total:,}"
        st.markdown(f"**{shown}** {'part' if total == 1 else 'parts'}", width="content")
        heat = st.toggle("Heatmap", value=True, key="heat", persist_state="session")
        st.space("stretch")
        st.download_button(
            "Table", lambda: exports.table_csv(rows), f"{scored.data.name}-scores.csv", "text/csv", key="csv",
            icon=":material/download:", type="tertiary", on_click="ignore", help="CSV of the parts as filtered",
        )  # fmt: skip
        labels = rooms.datasets().labels(scored.dataset_id)
        st.download_button(
            f"Your labels ({len(labels)})", lambda: exports.labels_csv(labels), f"{scored.data.name}-labels.csv",
            "text/csv", key="labels-csv", icon=":material/download:", type="tertiary", on_click="ignore",
            disabled=not labels, help="CSV of the parts that you called good, bad or unsure",
        )  # fmt: skip
    return heat


def _show_all() -> None:
    st.session_state.update({
        "show": filters.ALL, "class": filters.ANY_CLASS, "verdict": filters.ANY_VERDICT, "find": "", filters.PAGE: 1
    })  # fmt: skip
    if "category" in st.session_state:  # asked for where there are several
        st.session_state["category"] = filters.ANY_CATEGORY


def _tile(scored: Scored, row: Mapping[Hashable, Any], *, heat: bool, product: bool) -> None:
    """``product``: say which product the part is one of."""
    item, look = scored.data.by_name[row["item"]], LOOKS[row["verdict"]]
    with st.container(gap="xxsmall"):
        _picture(scored, item, row, heat=heat)
        lines = [
            f"{look.badge} **{words.score(row['score'])}**{_signs(row)}",
            f":small[{_about(row)} · p {row['p_value']:.2g}]",
            *([f":small[{words.plain(words.short(item.category, 20))}]"] if product else []),
        ]
        st.markdown("  \n".join(lines))
        st.button(
            words.plain(words.short(item.name, 18)), key=f"open-{item.name}", on_click=navigation.open_part,
            args=(item.name,), type="tertiary", icon=":material/zoom_in:",
            help=f"Look closer: {words.plain(item.name)}",
        )  # fmt: skip


def _about(row: Mapping[Hashable, Any]) -> str:
    """What is known of the part, and whether the verdict goes against it."""
    if row["outcome"] == "false positive":
        return "false alarm"
    known = words.plain(row["defect"] or row["truth"] or filters.UNKNOWN)
    return f"missed {known}" if row["outcome"] == "false negative" else known


def _signs(row: Mapping[Hashable, Any]) -> str:
    """A mark for a wrong verdict, and the user's label."""
    wrong = " :material/priority_high:" if row["outcome"] in ("false positive", "false negative") else ""
    return wrong + (f" :small[:material/person: {row['yours']}]" if row["yours"] else "")


def _picture(scored: Scored, item: ImageItem, row: Mapping[Hashable, Any], *, heat: bool) -> None:
    look = LOOKS[row["verdict"]]
    try:
        data = pictures.tile(scored, item, row["verdict"], heat=heat, dark=blocks.dark())
    except UserError as error:  # one file that is gone must not hide the others
        st.warning(words.plain(error.what), icon=":material/broken_image:")
        return
    st.image(data, alt=f"{item.name}: {look.word.lower()}, score {words.score(row['score'])}", width="stretch")
