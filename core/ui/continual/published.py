"""What was published elsewhere: reported, not reproduced, and never in one ranking with what is measured here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.ui import blocks, words
from core.ui.continual.shown import Shown


def show(told: Shown) -> None:
    """The published table, and the arithmetic of it; ``told`` is the run beside which it stands."""
    from core.continual import published

    blocks.headed(
        "Reported, not reproduced",
        "The table in the README of DynaMAD (github.com/SaeedIqbal/DynaMAD, 2025), copied as it stands there.",
        "Do not set it against the table of methods: data, severities and code behind it are not available.",
        "No deviation or interval is given; the published code does not run.",
    )
    st.warning(
        f"None of these figures was measured by Faultline. Those of «{words.plain(told.run.info.name)}» are under "
        "Methods.",
        icon=":material/report:",
    )
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Dataset": row.dataset,
                    "Method": row.method,
                    "CAF1, %": row.caf1,
                    "DAL, steps": row.dal,
                    "ME": row.me,
                    "CVaR@0.95": row.cvar,
                }
                for row in published.rows()
            ]
        ),
        hide_index=True,
        key="continual-published",
        placeholder="not given",
    )
    st.markdown("**Where the arithmetic does not add up**")
    for claim in published.claims():
        st.markdown(f"- *{words.plain(claim.claimed)}*: {words.plain(claim.found)}")
