"""What a learner notices of drift by itself, and how closely its memory can follow."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from core.charts import continual as charts
from core.ui import blocks
from core.ui.continual import shown
from core.ui.continual.shown import STATED, Shown

SIMULATED = 60  # runs of the simulation


def show(told: Shown) -> None:
    """H(t), sigma(t) and the estimated bound of one learner; the bound in a simulation below."""
    blocks.headed(
        "H(t) and sigma(t)",
        "The learner's own estimate of how far the stream is from its reference (Hellinger, less what sampling alone "
        "would show), the noise that follows from it, and a bound on how far its memory lags behind.",
        "H near 0: nothing moves. After the onset it rises, and with it sigma(t) = sigma0 (1 + kappa H). A cross is "
        "where the learner noticed drift; once it has adapted, what it holds becomes the new reference.",
        "The bound needs the speed of drift, which only a simulation knows: here it is guessed from H itself.",
    )
    watching = [name for name in told.here if _watches(told, name)]
    if watching:
        chosen = st.selectbox("Method", watching, key="watched", format_func=shown.title, width=320)
        steps = [one for one in told.of(chosen).steps if one.kind == "stream" and "hellinger" in one.state]
        hellinger, bound, sigma = ([one.state[name] for one in steps] for name in ("hellinger", "bound", "sigma"))
        alarms = [one.step for one in steps if one.state.get("alarm")]
        series = charts.Watched([one.step for one in steps], hellinger, bound, sigma, alarms)
        highest = max(series.hellinger)
        alt = f"H rises to {highest:.2f}; drift noticed at steps {', '.join(map(str, series.alarms)) or 'none'}"
        figure = charts.watch(series, onsets=told.run.info.onsets, starts=told.starts)
        blocks.plot(figure, key="continual-watch", alt=alt)
    else:
        st.caption("No method of this run watches drift by itself: DynaMAD does.")
    _simulation()


def _watches(told: Shown, method: str) -> bool:
    return any(set(STATED) <= set(one.state) for one in told.of(method).steps if one.kind == "stream")


def _simulation() -> None:
    from core.continual import tracking

    blocks.headed(
        "The bound in simulation",
        f"A memory that forgets at a rate follows a moving Gaussian in {SIMULATED} runs; the truth is known here.",
        "The mean stays below the dashed bound. Slow forgetting lags, quick forgetting is noisy.",
        "A reservoir has no such bound: it never forgets, and falls behind without end.",
    )
    left, *rest = st.columns([2, 2, 2, 2], vertical_alignment="bottom")
    kind = left.selectbox("The truth moves", get_args(tracking.Path), index=1, key="path")
    step = rest[0].slider("By, standard deviations a step", 0.0, 0.05, 0.01, 0.005, key="path-step")
    rate = rest[1].slider("Rate of forgetting", 0.01, 0.5, 0.05, 0.01, key="path-rate")
    memory = rest[2].selectbox("Memory", get_args(tracking.Memory), key="path-memory")
    bins, batch, steps = 16, 32, 400
    truth = tracking.path(kind, step, steps, bins)
    found = tracking.simulate(truth, rate, batch, SIMULATED, memory=memory)
    bounds = (tracking.bias_bound(found.velocity, rate), tracking.tracking_bound(found.velocity, rate, batch, bins))
    mean = found.error.mean(axis=0)
    holds = bool((mean <= bounds[1]).all())
    st.markdown(
        f"The mean error is at most **{mean.max():.3f}**; the bound for this rate is **{bounds[1]:.3f}**: "
        f"{'it holds' if holds else 'it is surpassed'}. The rate that makes it least is "
        f"{tracking.best_rate(found.velocity, batch, bins):.3f}."
    )
    alt = f"Mean error up to {mean.max():.3f}, bound {bounds[1]:.3f}"
    blocks.plot(charts.pursuit(found.bias, found.error, bounds), key="continual-pursuit", alt=alt)
