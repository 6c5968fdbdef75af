"""The answer in words over the differences to the pinned detector, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare.pairs import Pair
from core.ui import blocks, words
from core.ui.compare import compared
from core.ui.compare.compared import Compared


def show(found: Compared) -> None:
    """Words first; then the forest plot."""
    side = found.side
    if not side.has_truth:
        st.markdown(
            "**Nobody said which of these parts are good and which are bad**, so nothing tells who is right. Below is "
            "where the detectors disagree: label those parts on the Inspect page."
        )
        return
    against = compared.against_pinned(found)
    for sentence in sentences(found, against):
        st.markdown(sentence)
    blocks.headed(
        "Differences",
        "How much higher each detector's AUROC is than the pinned one's, on the very same images, with 95 % intervals "
        "(DeLong).",
        "Right of the dashed line is better than the pinned detector. A filled marker is a difference that chance does "
        "not explain; an open one may be none. Intervals of the two AUROCs may overlap and the difference be sure.",
        "Significance is corrected (Holm) over all pairs shown here, not over all that you could choose. An AUROC "
        "ranks; what happens at the limit is in the verdicts.",
    )
    blocks.plot(_figure(found.key, found.now.pinned, found, against), key="forest", alt=_alt(found, against))


def sentences(found: Compared, against: Sequence[Pair]) -> list[str]:
    """The headline, then what the verdicts say; as Markdown."""
    names, pinned = [words.plain(name) for name in found.now.names], words.plain(found.pinned)
    sure = [pair for pair in against if "auroc" in pair.tests and pair.tests["auroc"].differs]
    better = sorted((pair for pair in sure if (pair.auroc or 0) > 0), key=lambda pair: -(pair.auroc or 0))
    worse = [pair for pair in sure if (pair.auroc or 0) < 0]
    told = []
    if better:
        best = better[0]
        told.append(f"### {names[best.first]} beats {pinned}")
        told += [f"**{names[pair.first]}** ranks better: AUROC {_difference(pair)}." for pair in better]
    elif worse:
        told.append(f"### Nobody beats {pinned}")
    else:
        told.append(f"### No difference to {pinned} that {len(found.side)} images could show")
    if worse:
        told.append("Worse: " + "; ".join(f"**{names[pair.first]}** {_difference(pair)}" for pair in worse) + ".")
    even = [pair for pair in against if pair not in sure]
    if even and sure:
        told.append("Not told apart: " + ", ".join(f"**{names[pair.first]}**" for pair in even) + ".")
    verdicts = [pair for pair in against if "verdicts" in pair.tests and pair.tests["verdicts"].differs]
    for pair in verdicts:
        ours, theirs = sum(pair.only_first.values()), sum(pair.only_second.values())
        told.append(
            f"At their limits only **{names[pair.first]}** is right about {ours} parts, only **{pinned}** about "
            f"{theirs} ({p_word(pair.tests['verdicts'].p_holm)}, McNemar)."
        )
    return told


def p_word(p: float) -> str:
    """``p = 0.003``, ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _difference(pair: Pair) -> str:
    low, high = pair.auroc_ci95 or (float("nan"), float("nan"))
    return f"{pair.auroc:+.3f} ({low:+.3f} to {high:+.3f}), {p_word(pair.tests['auroc'].p_holm)}"


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, pinned: int, _found: Compared, _against: Sequence[Pair]) -> go.Figure:
    rows = [
        versus.Measured(
            pair.first, _found.now.names[pair.first], pair.auroc, *(pair.auroc_ci95 or (None, None)),
            sure=pair.tests["auroc"].differs,
        )
        for pair in _against
        if pair.auroc is not None
    ]  # fmt: skip
    return versus.forest(rows, _found.pinned, "AUROC")


def _alt(found: Compared, against: Sequence[Pair]) -> str:
    return "; ".join(
        f"{found.now.names[pair.first]} {pair.auroc:+.3f} to {found.pinned}"
        for pair in against
        if pair.auroc is not None
    )
