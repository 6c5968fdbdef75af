"""How well each task is known after each was learned."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.charts import continual as charts
from core.ui import blocks
from core.ui.continual import shown
from core.ui.continual.shown import Shown


def show(told: Shown) -> None:
    """The matrix of one method, or of two beside each other, up to a task."""
    blocks.headed(
        "Task matrix",
        "AUROC on every task's frozen probe set after each task was learned, mean over seeds.",
        "Down a column a task is forgotten; the diagonal is what was just learned; above it are tasks still to come.",
        "Probes are from before the drift inside a task: they tell of forgetting, not of adapting.",
    )
    matrices = {name: np.array(one, float) for name, one in told.report["matrix"].items()}
    if not matrices:
        st.caption("No method of this run learned all tasks.")
        return
    known = list(matrices)
    default = [name for name in ("er", "dynamad") if name in known] or known[:2]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        methods = st.multiselect(
            "Methods",
            known,
            default=default,
            max_selections=2,
            key="matrix-methods",
            format_func=shown.title,
            width=420,
        )
        total = len(told.run.info.tasks)
        upto = total
        if total > 1:
            upto = st.slider("Learned so far", 1, total, total, key="upto", bind="query-params", width=260)
    low = min((float(np.nanmin(matrices[name])) for name in methods), default=0.5)
    for place, name in zip(st.columns(max(len(methods), 1), gap="large"), methods, strict=False):
        with place:
            st.markdown(f"**{shown.title(name)}**")
            values = matrices[name]
            alt = f"Task matrix of {shown.title(name)}; last row " + ", ".join(f"{x:.3f}" for x in values[upto - 1])
            blocks.plot(charts.matrix(values, told.run.info.tasks, upto, low), key=f"matrix-{name}", alt=alt)
            figures = told.report["methods"][name]
            if upto == total:
                said = {"ACC": "acc", "BWT": "bwt", "FWT": "fwt", "FM": "fm"}
                means = {word: figures[key]["mean"] for word, key in said.items()}
                st.caption(" · ".join(f"{word} {mean:.3f}" for word, mean in means.items() if mean is not None))
