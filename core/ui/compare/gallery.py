"""The parts on which the detectors disagree most, each with its heatmap by every detector side by side."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import cv2
import numpy as np
import streamlit as st

from core.charts import overlays
from core.compare.contestants import Contestant
from core.compare.disagreements import Disagreement
from core.datasets import images
from core.datasets.types import ImageItem
from core.errors import UserError
from core.store.runfolder import Run
from core.ui import blocks, nav, rooms, state, words
from core.ui.compare import chosen
from core.ui.compare import told as telling
from core.ui.compare.told import Told

PER_PAGE = 3
SIDE = 224  # pixels of a picture's longer side
MAP_RATE = 0.05  # share of good parts with a pixel above the limit of the map, as in the evaluation
KINDS = {"All": None, "Anomalous": "bad", "Good": "good", "Not labelled": None}
EVERYBODY = "All of them"


def show(told: Told) -> None:
    """Which disagreements, then a page of them."""
    blocks.headed(
        "Where they disagree",
        "The parts on which the detectors' verdicts differ, those with the widest gap between p-values first. "
        "Photograph with the labelled defect in dashed white, then each detector's heatmap.",
        "p says how often a good part scores as high. A cross is «bad», a tick «good», at each detector's own limit. "
        "Click a picture to open the part as that detector sees it.",
        "Heatmap colours are fixed for each detector and do not compare between them. p-values end where the "
        "calibration images do: all are cut off at the highest such floor.",
    )
    rows = _chosen(told)
    if not rows:
        st.caption("No part of this kind: on these they agree.")
        return
    pages = -(-len(rows) // PER_PAGE)
    slot = st.container(gap="small", key="disagreements")
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        page = min(st.pagination(pages, key="at", bind="query-params"), pages) if pages > 1 else 1
        st.caption(words.count(len(rows), "part"), width="content")
    data = rooms.datasets().get(told.now.dataset.id)
    with slot:
        for row in rows[(page - 1) * PER_PAGE : page * PER_PAGE]:
            _part(told, row, data.by_name[row.item], product=len(data.categories) > 1)


def _chosen(told: Told) -> list[Disagreement]:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        known = [name for name in KINDS if name != "Not labelled" or told.images.unlabelled]
        kind = st.segmented_control(
            "Parts", known, default="All", required=True, key="parts", bind="query-params", label_visibility="collapsed"
        )
        rivals = {EVERYBODY: None} | {f"{told.pinned} and {told.now.names[at]}": at for at in told.now.others}
        between = EVERYBODY
        if len(told.now.others) > 1:
            between = st.selectbox("Between", list(rivals), key="between", label_visibility="collapsed", width=260)
    rival = rivals.get(between)
    rows = telling.disagreeing(told, None if rival is None else tuple(sorted((told.now.pinned, rival))))
    if kind == "Not labelled":
        return [row for row in rows if row.label is None]
    return [row for row in rows if KINDS[kind or "All"] in (None, row.label)]


def _part(told: Told, row: Disagreement, item: ImageItem, *, product: bool) -> None:
    """``product``: say which product the part is one of."""
    truth = {"good": "good", "bad": "anomalous", None: "not labelled"}[row.label]
    with st.container(border=True, gap="xsmall", key=f"part-{row.place}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{words.plain(words.short(item.name, 30))}** · {truth}"
                + (f", {words.plain(row.defect)}" if row.defect else "")
                + (f" · {words.plain(item.category)}" if product else ""),
                width="stretch",
            )
            if st.button("Look closer", icon=":material/zoom_in:", type="tertiary", key=f"look-{row.place}"):
                state.choose(dataset_id=told.now.dataset.id, model_id=told.now.models[told.now.pinned].id)
                nav.open_page("inspect", {"part": item.name})
        try:
            st.html(_strip(told.key, row.place, told, row, item))
        except UserError as error:  # one file that is gone must not hide the others
            st.warning(words.plain(error.what), icon=":material/broken_image:")


@st.cache_resource(max_entries=300, show_spinner=False)
def _strip(key: object, place_of_part: int, _told: Told, _row: Disagreement, _item: ImageItem) -> str:
    """The photograph and the heatmaps as one piece of HTML; each heatmap is a link to the part on the Inspect page."""
    told, row, item = _told, _row, _item
    tiles = [_tile(_photograph(item.sha256, item.mask_sha256 or "", item), "as photographed", item.name, None)]
    for place, one in enumerate(told.images.contestants):
        verdict = "✕ bad" if row.bad[place] else "✓ good"
        label = (
            f"{chosen.sign(told.now.looks[place])} {escape(words.short(told.now.brief[place], 15))}<br>"
            f"<b>{verdict}</b> · p {row.p_values[place]:.2g}"
        )
        query = urlencode({
            state.DATASET: told.now.dataset.id[: state.SHORT], state.MODEL: one.id[: state.SHORT], "part": item.name
        })  # fmt: skip
        alt = f"Heatmap of {item.name} by {one.name}: {verdict[2:]}, p {row.p_values[place]:.2g}"
        tiles.append(_tile(_heat(one.run_id, item.sha256, item, one), label, alt, f"inspect?{query}"))
    return f'<div style="display:flex;gap:8px;overflow-x:auto">{"".join(tiles)}</div>'


def _tile(jpeg: bytes, label: str, alt: str, href: str | None) -> str:
    data = base64.b64encode(jpeg).decode()
    picture = (
        f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}" title="{escape(alt)}" '
        'style="height:112px;width:100%;object-fit:contain;border-radius:4px;background:rgba(128,128,128,.12)">'
    )
    linked = f'<a href="{escape(href)}" target="_self">{picture}</a>' if href else picture
    return (
        f'<figure style="margin:0;flex:1 1 92px;min-width:84px;max-width:240px">{linked}'
        f'<figcaption style="font-size:12px;line-height:1.35;white-space:nowrap;overflow:hidden">{label}</figcaption>'
        "</figure>"
    )


@st.cache_resource(max_entries=600, show_spinner=False)
def _photograph(sha256: str, mask_sha256: str, _item: ImageItem) -> bytes:
    picture = _small(_item.path)
    if _item.mask is not None:
        height, width = picture.shape[:2]
        picture = overlays.outlines(picture, images.load_mask(_item.mask, (width, height)))
    return overlays.encode_jpeg(picture)


@st.cache_resource(max_entries=3000, show_spinner=False)
def _heat(run_id: str, sha256: str, _item: ImageItem, _one: Contestant[Run]) -> bytes:
    picture, calibration = _small(_item.path), _one.calibration
    if calibration is None:
        return overlays.encode_jpeg(picture)
    median, limit = calibration.colours(MAP_RATE, _item.category)
    drawn = overlays.overlay(picture, _one.run.map(_item.name), median=median, limit=limit)
    return overlays.encode_jpeg(drawn)


def _small(path: Path) -> overlays.Image:
    encoded = np.frombuffer(images.thumbnail(path, SIDE), np.uint8)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)
