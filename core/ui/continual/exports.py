"""What can be taken along of a run."""

from __future__ import annotations

import json

import streamlit as st
import yaml

from core.ui.continual import table
from core.ui.continual.shown import Shown
from core.ui.inspect.exports import file_name


def show(told: Shown) -> None:
    """The buttons below every view."""
    name = f"continual {told.run.info.name}"
    with st.container(horizontal=True):
        st.download_button(
            "Table", lambda: table.frame(told.report).to_csv(index=False), file_name(name, ".csv"), "text/csv",
            key="continual-csv", icon=":material/table:", on_click="ignore", help="Every method with intervals.",
        )  # fmt: skip
        st.download_button(
            "Report", lambda: json.dumps(told.report, indent=1), file_name(name, ".json"), "application/json",
            key="continual-json", icon=":material/data_object:", on_click="ignore",
            help="Every figure of every seed, with notes, matrices, curves and tests.",
        )  # fmt: skip
        st.download_button(
            "Configuration", lambda: yaml.safe_dump(told.run.config.model_dump(mode="json"), sort_keys=False),
            file_name(name, ".yaml"), "application/yaml", key="continual-config", icon=":material/download:",
            on_click="ignore", help="To run it again: `python -m core continual --config …`",
        )  # fmt: skip
