"""Ranked causes: two at once, from the run; every method with agreement and words once a job has explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.charts import causes as charts
from core.datasets.wording import percent
from core.explain.ranking import Ranking
from core.jobs.tasks.explain import LONGEST
from core.ui import blocks, jobs_panel, words
from core.ui.sensors import answers
from core.ui.sensors.answers import Answer
from core.ui.sensors.chosen import Chosen

METHODS = {  # what each method does, for people
    "evidence": "what two of three say: how far the score falls without the sensor, how far it strayed, how suddenly",
    "counterfactual": "how far the score falls when the sensor reads its best value instead",
    "contribution": "the sensor's largest part in the score of any step",
    "contribution (mean)": "the sensor's mean part in the score",
    "Shapley": "what the sensor adds to the score, on average over all orders of joining, and its standard error",
    "gradients": "integrated gradients of the score, refused where they do not add up",
    "|z|": "the largest distance from usual, in usual spreads: the plain baseline, knows no model",
}
TOLD_FROM = 0.1  # of the score, that a further sensor must explain to be told
SHOWN = ("evidence", "counterfactual", "Shapley", "|z|")  # bars; the table has all


def at_once(chosen: Chosen) -> list[Ranking]:
    """What the run says without loading the detector: largest parts, and distance from usual."""
    parts = np.asarray(chosen.scored.parts[chosen.start : chosen.stop])
    z = np.nan_to_num(np.abs(chosen.scored.scaled(chosen.start, chosen.stop)), nan=0.0)
    return [
        Ranking("contribution", parts.max(axis=0).astype(float), "", 0.0),
        Ranking("|z|", z.max(axis=0).astype(float), "", 0.0),
    ]


def show(chosen: Chosen, quick: Sequence[Ranking], answer: Answer | None) -> go.Figure:
    """The chart, which is returned, the words and, before there is an answer, the way to one."""
    sensors = chosen.scored.judged.sensors
    if answer is None:
        ask(chosen)
        shares = {one.method: one.shares.tolist() for one in quick}
        errors: dict[str, list[float]] = {}
    else:
        methods = answer.methods()
        shares = {name: methods[name]["shares"] for name in SHOWN if name in methods}
        errors = {name: _relative(methods[name]) for name in shares if methods[name]["error"] is not None}
        _words(answer)
    blocks.headed(
        "Ranked causes",
        "The sensors by blame, as several methods see it: " + "; ".join(f"*{k}*: {METHODS[k]}" for k in shares) + ".",
        "A sensor that all methods name is a safe bet. Where they disagree, look at the signals.",
        "Shares are of the blame that a method gives out, and each gives it out by its own rule. A cause is where the "
        "fault shows, which is not always where it began.",
    )
    first = sensors[int(np.argmax(next(iter(shares.values()))))]
    figure = charts.causes(sensors, shares, errors)
    blocks.plot(figure, key="causes", alt=f"Ranked causes by {', '.join(shares)}; first {first}")
    return figure


def details(answer: Answer) -> None:
    """Every method with its cost and remarks, and how far each two agree."""
    with st.expander("All methods, their agreement and cost", icon=":material/handshake:", key="all-methods"):
        left, right = st.columns([3, 2], gap="large")
        with left:
            _methods(answer)
        with right:
            _agreement(answer)


def ask(chosen: Chosen, so_far: str = "So far: what the scores themselves say.") -> None:
    """The button that has the stretch explained, or the job that does; ``so_far`` says what there is without."""
    if chosen.n > LONGEST:
        st.caption(
            f"{so_far} {chosen.n:,} steps are too many to explain at once: choose at "
            f"most {LONGEST:,}, the stretch around one alarm."
        )
        return
    found = answers.job(chosen)
    if found is not None and found.active:
        jobs_panel.follow(found.id, key="explain")
        return
    if found is not None:
        jobs_panel.problem(found)
    st.caption(f"{so_far} The rest takes seconds, in the background.")
    if st.button("Explain this stretch", type="primary", icon=":material/psychology:", key="explain"):
        answers.ask(chosen)
        st.rerun()


def _words(answer: Answer) -> None:
    said = answer.said
    st.markdown(f"**{words.plain(said['sentence'])}**")
    st.markdown(words.plain(said["agreed"]))
    for name in said["silent"]:
        st.warning(f"{words.plain(name)} gave hardly a reading in this stretch.", icon=":material/sensors_off:")
    culprits = said["counterfactual"]["culprits"]
    before, usual = said["counterfactual"]["before"], said["counterfactual"]["usual"]
    if len(culprits) > 1 and before > usual:
        left = max(culprits[-1]["score"] - usual, 0) / (before - usual)
        names = ", then ".join(words.plain(one["sensor"]) for one in culprits)
        st.markdown(f"With {names} as they should be, {percent(left, 0)} of the excess is left.")
    explains = dict(zip(said["sensors"], said["counterfactual"]["explains"] or [], strict=False))
    strays = [
        (name, one["words"])
        for name, one in list(said["onsets"].items())[1:]
        if one is not None and explains.get(name, 0.0) >= TOLD_FROM
    ]
    if strays:
        st.markdown("\n".join(f"- {words.plain(name)}: {words.plain(told)}" for name, told in strays))


def _relative(method: Any) -> list[float]:
    """Standard errors on the scale of the shares."""
    total = sum(max(one, 0.0) for one in method["blame"])
    return [one / total if total > 0 else 0.0 for one in method["error"]]


def _methods(answer: Answer) -> None:
    rows = [
        {
            "Method": name,
            "Names first": one["first"] or "-",
            "Seconds": one["seconds"],
            "Blame is": one["unit"],
        }
        for name, one in answer.said["methods"].items()
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content", alt="Methods with the sensor that each names first",
        column_config={"Seconds": st.column_config.NumberColumn(format="%.3f")},
    )  # fmt: skip
    for name, one in answer.said["methods"].items():
        if one["refused"] or one["note"]:
            st.caption(f"{words.plain(name)}: {words.plain(one['refused'] or one['note'])}")


def _agreement(answer: Answer) -> None:
    rows = [
        {
            "Methods": f"{one['first']} and {one['second']}",
            "Kendall's τ": one["tau"],
            "Shared of the first 3": one["top"],
        }
        for one in answer.said["agreement"]
    ]
    if rows:
        st.caption(
            "How far two methods agree: τ is 1 for the same order of all sensors, 0 for none, −1 for the reverse."
        )
        st.dataframe(
            pd.DataFrame(rows), hide_index=True, height=240, alt="Agreement of each pair of methods",
            column_config={"Kendall's τ": st.column_config.NumberColumn(format="%.2f")},
        )  # fmt: skip
