"""Has the machine become another one, and what has been done about it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.charts import drift as charts
from core.live import drift
from core.live.table import ALIVE
from core.store.champions import ChampionStore
from core.ui import blocks, errors, jobs_panel, rooms, words
from core.ui.drift import log
from core.ui.live import room

VERDICTS = {  # word, icon, colour. Vermillion is not here: drift is no anomaly
    "watching": ("Too early to tell", ":material/hourglass_empty:", "gray"),
    "steady": ("No drift", ":material/check:", "green"),
    "anomaly": ("Anomaly, no drift", ":material/bolt:", "blue"),
    "suspected": ("Perhaps drift", ":material/help:", "orange"),
    "drift": ("Drift", ":material/trending_up:", "orange"),
}
FEWEST = 3  # blocks: fewer make no course
VIEWS = {"input": "Sensors", "bulk": "Bulk of the score", "latent": "Code of the network"}


def show() -> None:
    """What the live monitor says of drift, and the succession of its model. Without a feed: what would be here."""
    said = drift.said(rooms.workspace())
    known = {row.id for row in rooms.models().list()}
    if not said.get("machines") and not said.get("refused"):
        st.caption(
            ":material/trending_up: Drift is told from faults here once a feed has run: which sensors moved for good, "
            "since when, and whether a newly trained model does better."
        )
        _way_back(known)
        return
    machines: dict[str, Any] = said["machines"]
    if machines:
        machine = (
            st.selectbox("Machine", list(machines), key="drift-machine") if len(machines) > 1 else next(iter(machines))
        )
        _state(machines[machine])
        if said["model"] in known:
            _orders(said["model"], machine, machines[machine])
    for name, why in said["refused"].items():
        st.caption(f":material/block: **{words.plain(name)}**: {words.plain(why)}")
    if said["model"] in known:
        succession(said["model"])


def _way_back(known: set[str]) -> None:
    """A champion that has just taken over can be sent away before the monitor has said anything of it."""
    feed, champions = room.live().table.feed(), ChampionStore(rooms.workspace())
    models = feed.spec["models"] if feed is not None else []
    model = next((one for one in models if one in known and champions.history(one)), None)
    if model is not None:
        succession(model)


def succession(model: str) -> None:
    """Who judges, the way back, and the log of the candidates of a model's lineage."""
    champions = ChampionStore(rooms.workspace())
    names = {row.id: row.name for row in [*rooms.models().list(), *rooms.models().list(deleted=True)]}
    champion, before = champions.champion(model), champions.before(model)
    with st.container(horizontal=True, vertical_alignment="center", key="drift-champion"):
        st.markdown(f":material/trophy: Champion: **{words.plain(names.get(champion, champion))}**", width="stretch")
        if before is not None:
            with st.popover("Roll back", icon=":material/undo:", key="drift-back-menu"):
                st.markdown(
                    f"Make **{words.plain(names.get(before, before))}** the champion again? The log keeps both."
                )
                _button(
                    "Roll back",
                    lambda: champions.roll_back(model, said_by="local", why="asked for"),
                    key="drift-back",
                )
    _taking_over(champion, names)
    log.show(champions.history(model), names)


def _taking_over(champion: str, names: dict[str, str]) -> None:
    """The feed judges with the models that it began with: told, with the order to change that, where the champion is
    none of them."""
    feed = room.live().table.feed()
    if feed is None or champion in feed.spec["models"]:
        return
    lineage = ChampionStore(rooms.workspace()).lineage(champion)
    judging = next((one for one in feed.spec["models"] if _belongs(one, lineage)), None)
    if judging is None:  # another feed has begun meanwhile, with other models
        return
    running = feed.state in ALIVE
    with st.container(horizontal=True, vertical_alignment="center", key="drift-take-over"):
        st.markdown(
            f":material/info: The feed {'still judges' if running else 'judged'} with "
            f"**{words.plain(names.get(judging, judging))}**, not with the champion.",
            width="stretch",
        )
        with st.popover("Judge with the champion", icon=":material/swap_horiz:", key="drift-take-over-menu"):
            st.markdown(
                f"{'Forget the steps and alarms, and begin' if running else 'Begin'} the source anew, judged by "
                f"**{words.plain(names.get(champion, champion))}**? Completed units stay in the archive."
            )
            _button("Begin anew with the champion", room.live().take_over, key="drift-take-over-now")


def _belongs(model: str, lineage: str) -> bool:
    return ChampionStore(rooms.workspace()).lineage(model) == lineage


def _state(found: dict[str, Any]) -> None:
    word, icon, colour = VERDICTS[found["verdict"]]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
        st.markdown(words.plain(found["words"]), width="stretch")
    with st.container(horizontal=True, gap="medium"):
        for view in found["views"]:
            told = "drifted" if view["drifted"] else "perhaps" if view["suspected"] else "as usual"
            st.caption(f"{VIEWS[view['name']]}: **{told}**, p = {view['p']:.2g}", width="content")
    _charts(found)


def _charts(found: dict[str, Any]) -> None:
    left, right = st.columns([4, 5], gap="large")
    moved = [one["sensor"] for one in found["moved"]]
    course = found["course"]
    with left:
        blocks.headed(
            "Which sensors moved",
            f"How far each sensor's level in the last {found['window']} blocks is from normal running.",
            "A hatched bar with ▲ is a sensor that the test tells apart from normal, corrected for their number.",
            "A sensor may also drift by stirring more or less than usual; the sentence above says so.",
        )
        if any(value is not None for value in found["shift"]):
            alt = f"{len(moved)} of {len(found['sensors'])} sensors drifted" + (
                f": {', '.join(moved[:5])}" if moved else ""
            )
            blocks.plot(charts.moved_bars(found["sensors"], found["shift"], moved), key="drift-moved", alt=alt)
        else:
            st.caption("The bars appear with the first block.")
    with right:
        blocks.headed(
            "Bulk and alarms",
            "The median surprise of each block of steps, beside the range of normal blocks.",
            "Drift moves the whole course; an anomaly is a cross or two, after which it goes on as before.",
            "The last blocks only; the monitor remembers up to 1,024.",
        )
        if len(course["step"]) < FEWEST:
            st.caption(f"The course appears with {FEWEST} blocks; so far there {_are(len(course['step']))}.")
            return
        starts = [view["since_step"] for view in found["views"] if view["since_step"] is not None]
        figure = charts.course(
            course["step"],
            course["median"],
            course["alarmed"],
            found["usual"],
            min(starts, default=None),
            found["unusual_share"],
        )
        blocks.plot(figure, key="drift-course", alt=f"Median surprise of {len(course['step'])} blocks")


def _are(number: int) -> str:
    return "is 1" if number == 1 else f"are {number or 'none'}"


def _orders(model: str, machine: str, found: dict[str, Any]) -> None:
    """Train a candidate, by hand or by itself."""
    workspace, champion = rooms.workspace(), ChampionStore(rooms.workspace()).champion(model)
    with st.container(horizontal=True, vertical_alignment="center", key="drift-orders"):
        starts = [view["since_step"] for view in found["views"] if view["since_step"] is not None]
        since = found["steps"] - max(starts) if starts else None
        _button(
            "Train a candidate now",
            lambda: drift.ask_for_candidate(workspace, champion, machine, since, "asked for", "local"),
            key="drift-train",
            icon=":material/model_training:",
            help="On the running since the drift began, or all that the feed keeps, with the old normal data. It "
            "becomes champion only if it does better on data that neither has learned from.",
        )
        # Anybody may have switched it meanwhile: what counts is the workspace, not this browser.
        st.session_state["drift-automatic"] = drift.automatic(workspace)
        st.toggle(
            "By itself after drift",
            key="drift-automatic",
            help="When two views agree, and at most once an hour.",
            on_change=lambda: drift.set_automatic(workspace, not drift.automatic(workspace)),
        )
    jobs_panel.watch(("retrain",), key="drift-jobs")


def _button(
    label: str, order: Callable[[], object], *, key: str, icon: str | None = None, help: str | None = None
) -> None:
    if st.button(label, key=key, icon=icon, help=help):
        with errors.shown():
            order()
            st.rerun()
