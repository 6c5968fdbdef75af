"""The published figures alone: reported, not reproduced."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.compare.papers.metrics import METRICS
from core.compare.papers.tables import MEAN, Table
from core.ui import blocks, words


def show(table: Table, metric: str) -> None:
    """One row for each published one that has the metric, with source and protocol."""
    blocks.headed(
        "Reported, not reproduced",
        f"What others published for {words.plain(table.title)}, with sources.",
        "A figure stands beside ours only where ours is measured; a difference is formed only where the protocol is "
        "the same and the data are whole.",
        "None of these figures was measured by Faultline.",
    )
    rows = [one for one in table.reported if metric in one.figures]
    if not rows:
        st.caption(f"Nothing was found that reports {METRICS[metric].title} here.")
    else:
        columns = [
            name
            for name in dict.fromkeys((MEAN, *table.categories, *_keys(table, metric)))
            if _has(table, metric, name)
        ]
        st.dataframe(
            pd.DataFrame(
                [
                    {"Reported": one.title}
                    | {_head(name): one.figures[metric].get(name) for name in columns}
                    | {"Protocol": one.protocol, "Differs from ours": one.differs, "Source": one.source}
                    for one in rows
                ]
            ),
            hide_index=True,
            key="papers-published",
            placeholder="–",
            column_config={_head(name): st.column_config.NumberColumn(format="%.3f") for name in columns},
        )
    for sentence in table.unpublished:
        st.caption(words.plain(sentence))


def _keys(table: Table, metric: str) -> list[str]:
    return [name for one in table.reported for name in one.figures.get(metric, {})]


def _has(table: Table, metric: str, name: str) -> bool:
    return any(name in one.figures.get(metric, {}) for one in table.reported)


def _head(name: str) -> str:
    return "Mean" if name == MEAN else name
