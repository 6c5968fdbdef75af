"""What can be taken along: the stage as PNG, the story as GIF, the figures as CSV, a page for a stakeholder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import streamlit as st

from core.charts import rustlayers, rustmovie
from core.charts.overlays import encode_jpeg, encode_png
from core.charts.pictures import Rgb, to_gif
from core.charts.rustreport import Moment, PartStory, RustReport, report_csv, to_html
from core.severity.types import PartResult
from core.ui import blocks
from core.ui.inspect.exports import file_name
from core.ui.rust import drawn, scene, wording
from core.ui.rust.outlook import Rules
from core.ui.rust.story import Seen, Story

REPORT_SIDE = 520  # pixels of a photograph in the report


def show(
    story: Story, results: Sequence[PartResult], result: PartResult, chosen: Rules, view: str, measure: str
) -> None:
    """The buttons; nothing is made before one is pressed."""
    blocks.headed(
        "Take along",
        "The chosen part as a picture or a film, all parts as a table or as one page.",
        "The report opens in any browser without this app: to mail, to print, to keep.",
        "The film shows the photographs with the layer that the stage shows.",
    )
    name = file_name(f"rust {story.name} {result.part}", "")
    with st.container(horizontal=True):
        st.download_button(
            "Report", lambda: to_html(report(story, results, chosen, view, measure)), file_name(story.name, ".html"),
            "text/html", key="rust-report", icon=":material/description:", on_click="ignore", type="primary",
            help="One HTML page with every part: state, pictures, curve, grades, forecast.",
        )  # fmt: skip
        st.download_button(
            "Film", lambda: _film(_frames(story, result, chosen, view, measure)), f"{name}.gif",
            "image/gif", key="rust-gif", icon=":material/movie:", on_click="ignore",
            help="Animated GIF of the chosen part.",
        )  # fmt: skip
        st.download_button(
            "Picture", lambda: encode_png(_frames(story, result, chosen, view, measure)[scene.at(result)]),
            f"{name}.png", "image/png", key="rust-png", icon=":material/image:", on_click="ignore",
            help="The chosen time as PNG.",
        )  # fmt: skip
        st.download_button(
            "Table", lambda: report_csv(report(story, results, chosen, None, measure)), file_name(story.name, ".csv"),
            "text/csv", key="rust-csv", icon=":material/table:", on_click="ignore",
            help="CSV with every part and time: rusted share, interval, grades.",
        )  # fmt: skip


def _film(frames: Sequence[Rgb]) -> bytes:
    return to_gif(frames, rustmovie.SECONDS, rustmovie.HOLD_S)


def report(story: Story, results: Sequence[PartResult], chosen: Rules, view: str | None, measure: str) -> RustReport:
    """The report of all parts; with pictures of the first and last time where ``view`` is not None."""
    return RustReport(
        title=story.name,
        created=f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC",
        limit=chosen.limit,
        parts=[_story(story, result, view, measure) for result in results],
        conventions=wording.CONVENTIONS,
        versions=f"Faultline · numpy {version('numpy')} · opencv {cv2.__version__}",
    )


def _story(story: Story, result: PartResult, view: str | None, measure: str) -> PartStory:
    unit, last = drawn.unit(result), len(result.rust.hours) - 1
    sentences = [wording.grade_words(result.grades[-1]) + f". {wording.grade_line(result.grades[-1])}."]
    sentences += [
        f"{wording.forecast_words(result, unit)} {wording.interval_words(result, unit)}",
        f"Suggested: {result.grades[-1].action}.",
        *story.remarks(result),
    ]
    moments = []
    for at, (hours, estimate, grades) in enumerate(
        zip(result.rust.hours, result.rust.estimates, result.grades, strict=True)
    ):
        pictures: dict[str, bytes] = {}
        if view is not None and at in (0, last):
            seen = story.picture(result.part, hours, view)
            pictures["picture"] = encode_jpeg(_small(seen.photo))
            if at == last and (rust := seen.rust(measure)) is not None:
                pictures["overlay"] = encode_jpeg(rustlayers.flattened(_small(seen.photo), _layer(rust)))
        moments.append(
            Moment(
                when=unit.at(hours).capitalize(),
                hours=hours,
                share=estimate.value,
                low=estimate.low,
                high=estimate.high,
                ri=wording.ri(grades),
                astm=wording.astm(grades),
                european=wording.european(grades),
                **pictures,
            )
        )
    return PartStory(
        name=result.part,
        status=result.status,
        headline=wording.sentence(result, last, unit),
        sentences=sentences,
        curve=drawn.severity(result.rust, result.part),
        unit=unit,
        horizon=result.forecast.horizon_hours,
        crossing=drawn.crossing(result),
        fan=drawn.fan(result),
        moments=moments,
    )


def _frames(story: Story, result: PartResult, chosen: Rules, view: str, measure: str) -> list[rustmovie.Rgb]:
    unit, layer = drawn.unit(result), st.query_params.get(scene.LAYER)
    scenes = []
    for hours, estimate, grades in zip(result.rust.hours, result.rust.estimates, result.grades, strict=True):
        seen = story.picture(result.part, hours, view)
        scenes.append(
            rustmovie.Scene(
                picture=_seen(seen, layer, measure),
                when=unit.at(hours),
                told=f"ISO 4628-3 {wording.ri(grades)} · ASTM D610 {wording.astm(grades)}",
                share=estimate.value,
            )
        )
    return rustmovie.frames(result.part, scenes, chosen.limit)


def _seen(seen: Seen, layer: str | None, measure: str) -> rustmovie.Rgb:
    path = {"rust": seen.rust(measure), "heat": seen.heat(measure)}.get(layer or "")
    return rustlayers.flattened(_photograph(seen.photo), _layer(path) if path else None)


def _layer(path: Path) -> rustlayers.Layer:
    return rustlayers.decode_layer(path.read_bytes())


def _photograph(path: Path) -> rustmovie.Rgb:
    found = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(found, np.uint8)


def _small(path: Path) -> rustmovie.Rgb:
    photograph = _photograph(path)
    size = rustlayers.fitted(photograph.shape[1], photograph.shape[0], REPORT_SIDE)
    return np.asarray(cv2.resize(photograph, size, interpolation=cv2.INTER_AREA), np.uint8)
