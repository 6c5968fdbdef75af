"""What a run is to be: a configuration that is shipped or one's own, its methods, seeds and drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
import yaml
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from core.ui import blocks, errors, rooms, words
from core.ui.continual import sending, shown
from core.ui.dataset import uploads

if TYPE_CHECKING:
    from core.continual.config import ContinualConfig

OWN = "A file of mine"
SMALLEST = "smoke"
QUICK = ("er", "dynamad")  # the methods of a first look
MOST_SEEDS, MOST_BYTES = 20, 200_000
NEEDS_DATA = ("cwru", "smap", "bgl", "images")
MODALITIES = {
    "plant": ("signal", "image", "log"),
    "cwru": ("signal",),
    "smap": ("signal",),
    "bgl": ("log",),
    "images": ("image",),
}
AS_IT_IS, NO_DRIFT, NO_MORE = "As configured", "None", "No other"
MOST_DRIFTS = 4  # that the form takes; a file may name more
SHAPES = ("abrupt", "gradual", "incremental", "recurring")


def first() -> None:
    """Nothing has run yet: the smallest comparison at a click, or another."""
    if not _busy() and blocks.empty_state(
        "No run yet",
        "A synthetic plant drifts, and two learners have to keep what they know: plain rehearsal and DynaMAD. It takes "
        "about half a minute.",
        "Run the smallest comparison",
        key="continual-first",
        icon=":material/all_inclusive:",
    ):
        from core.continual.config import check_config, shipped

        asked = shipped(SMALLEST).model_dump(mode="json") | {"methods": list(QUICK), "name": "first look"}
        sending.start(check_config(asked))
    form()


def form() -> None:
    """The inputs, and the button that starts the run."""
    with st.container(border=True, key="continual-setup"), errors.shown():
        st.subheader("Set up a run", anchor=False)
        base = _base()
        if base is None:
            st.caption("Upload a configuration: `assets/continual` has one for each kind of stream to start from.")
            return
        config = _edited(base)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Start the run", type="primary", icon=":material/play_arrow:", key="continual-go"):
                sending.start(config)
            st.download_button(
                "Configuration", yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False),
                f"{config.name}.yaml", "application/yaml", key="continual-yaml", icon=":material/download:",
                on_click="ignore", help="For `python -m core continual --config …`",
            )  # fmt: skip
            st.caption(_size(config))


def _base() -> ContinualConfig | None:
    """The configuration to start from, as its file says. None while no file is chosen."""
    from core.continual.config import ASSETS, check_config, shipped

    names = sorted(path.stem for path in ASSETS.glob("*.yaml"))
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    name = left.selectbox(
        "Configuration", [*names, OWN], index=names.index(SMALLEST), key="config", bind="query-params",
    )  # fmt: skip
    if name == OWN:
        file = right.file_uploader("YAML", type=["yaml", "yml"], key="continual-file")
        if file is None:
            return None
        if file.size > MOST_BYTES:
            raise UserError("The file is too large for a configuration", file.name, "Upload the YAML alone")
        try:
            content = yaml.safe_load(file.getvalue().decode("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):
            raise UserError("The configuration is not valid YAML", file.name, "Mend the file") from None
        return _allowed(check_config(content, file.name, uploads.roots()[0]))
    config = shipped(name)
    if config.stream.kind not in NEEDS_DATA:
        return config
    typed = right.text_input(
        "Folder of the datasets on the server", placeholder=str(uploads.roots()[0]), key="continual-data",
        help=f"Below {', '.join(f'`{root}`' for root in uploads.roots())}. Nothing is changed there.",
    )  # fmt: skip
    if not typed:
        st.caption("This stream is made of recorded data: say where the datasets lie.")
        return None
    return _allowed(shipped(name, uploads.allowed_path(typed)))


def _allowed(config: ContinualConfig) -> ContinualConfig:
    """Refuses folders and tables outside of what this server may read. UserError."""
    stream = config.stream
    paths = [getattr(stream, "path", None), getattr(stream, "vibration", None)]
    paths += [one.path for one in getattr(stream, "categories", ())]
    paths += [config.severity] if config.severity.endswith(".csv") else []
    for path in filter(None, paths):
        uploads.allowed_path(str(path))
    return config


def _edited(base: ContinualConfig) -> ContinualConfig:
    """The configuration with what is chosen instead. UserError for what does not fit together."""
    from core.continual.config import check_config
    from core.continual.methods.names import NAMES

    methods = st.multiselect(
        "Methods", NAMES, default=list(base.methods), key=f"continual-methods-{base.name}", format_func=shown.title,
        help="Paired: all see the same stream of each seed.",
    )  # fmt: skip
    columns = st.columns(4, vertical_alignment="bottom")
    seeds = columns[0].number_input(
        "Seeds", 1, MOST_SEEDS, min(len(base.seeds), MOST_SEEDS), key=f"continual-seeds-{base.name}",
        help="Six or more for a test, ten for intervals that one can quote.",
    )  # fmt: skip
    steps = columns[1].number_input(
        "Steps of a task", 10, 5000, base.stream.steps, 10, key=f"continual-steps-{base.name}"
    )
    chosen = base.seeds[:seeds] if seeds <= len(base.seeds) else tuple(range(seeds))
    content: dict[str, Any] = base.model_dump(mode="json") | {"methods": methods, "seeds": list(chosen)}
    content["stream"]["steps"] = steps
    content["drifts"] = _drifts(base, content["drifts"])
    if not methods:
        raise UserError("No method is chosen", "methods", "Choose one at least")
    return check_config(content)


def _drifts(base: ContinualConfig, usual: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the file, none, or a row of inputs for each; another row appears under the last one in use."""
    from core.drift.scenarios import SCENARIOS

    known = [one.name for one in SCENARIOS.values() if one.modality in MODALITIES[base.stream.kind]]
    tasks = getattr(base.stream, "tasks", len(getattr(base.stream, "categories", ())))
    found: list[dict[str, Any]] = []
    for row in range(MOST_DRIFTS):
        options = [*((NO_MORE,) if row else (AS_IT_IS, NO_DRIFT)), *known]
        left, *rest = st.columns([2, 2, 1, 1, 1], vertical_alignment="bottom")
        kind = left.selectbox(
            "And" if row else "Drift", options, key=_key(f"continual-drift-{base.name}", row),
            format_func=lambda name: SCENARIOS[name].title if name in SCENARIOS else name,
        )  # fmt: skip
        if kind == AS_IT_IS:
            return usual
        if kind not in known:
            return found
        left.caption(f"At size 1, {words.plain(SCENARIOS[kind].effect)}.")
        found.append({"kind": kind} | _course(rest, row, tasks))
    return found


def _course(columns: Sequence[DeltaGenerator], row: int, tasks: int) -> dict[str, Any]:
    """How the drift of a row comes, how far and when."""
    shape = columns[0].selectbox("Course", SHAPES, key=_key("continual-shape", row))
    size = columns[1].number_input("Size", -3.0, 3.0, 1.0, 0.25, key=_key("continual-size", row))
    task = columns[2].number_input("In task", 1, tasks, tasks, key=_key("continual-task", row))
    at = columns[3].number_input(
        "After, %", 0, 95, 50, 5, key=_key("continual-at", row), help="Share of that task, in percent."
    )
    return {"shape": shape, "magnitude": size, "task": task - 1, "at": at / 100}


def _key(name: str, row: int) -> str:
    return f"{name}-{row + 1}" if row else name


def _size(config: ContinualConfig) -> str:
    stream = config.stream
    tasks = getattr(stream, "tasks", len(getattr(stream, "categories", ())))
    courses = len(config.methods) * len(config.seeds)
    return (
        f"{words.count(courses, 'course')} of {tasks * stream.steps:,} steps at most. It goes on when you close the "
        "page, and resumes where it was interrupted."
    )


def _busy() -> bool:
    return any(job.kind == sending.KIND for job in rooms.jobs().list(active=True))
