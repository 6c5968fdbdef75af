"""Raw vibration and sound by frequency: spectrum, envelope with a bearing's fault frequencies, spectrogram, log-mel."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from core.charts import signals as charts
from core.datasets.series import SeriesSet
from core.ui import blocks, rooms
from core.ui.dataset.series.view import View

SIGNAL, SPECTRUM, ENVELOPE, SPECTROGRAM, MEL = "Signal", "Spectrum", "Envelope", "Spectrogram", "Log-mel"
MOST = 1 << 20  # samples that are transformed; the first of a longer stretch
FRAME, HOP, BANDS = 1024, 512, 64
HEARD_S = 60  # seconds of sound that are sent to the browser
NO_BEARING, OWN = "None", "Another"


def choice(data: SeriesSet) -> str:
    """The view that is asked for; only raw signals have others than the signal itself."""
    if data.kind not in ("waveform", "sound") or not data.rate:
        return SIGNAL
    views = [SIGNAL, SPECTRUM, ENVELOPE, SPECTROGRAM, *([MEL] if data.kind == "sound" else [])]
    found: str = st.segmented_control(
        "View", views, default=SIGNAL, required=True, key="wave", bind="query-params", label_visibility="collapsed"
    )
    return found


def show(dataset_id: str, data: SeriesSet, view: View, column: int, how: str) -> None:
    """One sensor's stretch in view."""
    rate, sensor = float(data.rate or 0), data.sensors[column]
    stop = min(view.stop, view.start + MOST)
    if stop - view.start < FRAME:
        st.caption(f"A stretch of {FRAME:,} samples at least is needed. Widen it.")
        return
    if stop < view.stop:
        st.caption(f"The first {stop - view.start:,} samples of the stretch.")
    where = (dataset_id, view.unit.name, view.start, stop, column)
    _headed(how, sensor.name)
    figure = _envelope(where, rate, sensor.unit) if how == ENVELOPE else _drawn(how, where, rate, sensor.unit)
    blocks.plot(figure, key=f"wave-{how}", alt=f"{how} of {sensor.name} in {view.unit.name}", height=420)
    if data.kind == "sound":
        heard = np.asarray(view.unit.values[view.start : min(view.stop, view.start + int(HEARD_S * rate)), column])
        st.audio(np.nan_to_num(heard), sample_rate=int(rate))


def _headed(how: str, name: str) -> None:
    about = {
        SPECTRUM: (
            "How much each frequency has in the stretch, averaged over pieces of it (Welch).",
            "Peaks at the running speed and its multiples are usual; others ask for a cause.",
            "What comes and goes within the stretch is averaged away: look at the spectrogram.",
        ),
        ENVELOPE: (
            "The rhythm at which the signal within a band swells: a damaged bearing is struck at a rate of its own.",
            "Lines at a marked frequency and its multiples point to that part of the bearing.",
            "The marks hold for the given bearing and speed without slip; a band without resonance shows nothing.",
        ),
        SPECTROGRAM: (
            "How loud each frequency is, over time.",
            "Upright lines are blows, level ones are tones.",
            f"Frames of {FRAME} samples: rhythms faster than a frame blur into tones.",
        ),
        MEL: (
            "How loud each band of pitch is, over time, as the ear spaces them; detectors of sound learn from this.",
            "Brighter is louder. Compare a normal with an anomalous recording.",
            "Loudness depends on the microphone's gain as well.",
        ),
    }[how]
    blocks.headed(f"{how} of {name}", *about)


@st.cache_data(max_entries=16, show_spinner="Transforming…")
def _drawn(how: str, where: tuple[str, str, int, int, int], rate: float, unit: str | None) -> go.Figure:
    """Keyed by what is drawn: the transform is not done again for another theme or control."""
    from core.features.signals import mel, spectra

    wave = _wave(where)
    if how == SPECTRUM:
        found = spectra.welch_psd(wave, rate)
        return charts.spectrum_figure(found, y=f"density, ({unit})²/Hz" if unit else "density, 1/Hz")
    if how == SPECTROGRAM:
        return charts.spectrogram_figure(spectra.spectrogram(wave, rate, FRAME, HOP))
    edges = mel.mel_edges(BANDS, 0.0, rate / 2)
    frames = np.lib.stride_tricks.sliding_window_view(wave, FRAME)[::HOP]
    level = spectra.decibel(mel.mel_spectrum(spectra.power_spectrum(frames, rate), edges)).T
    time = (np.arange(len(frames)) * HOP + FRAME / 2) / rate
    return charts.mel_figure(time, [float(edge) for edge in edges[1:-1]], level)


def _envelope(where: tuple[str, str, int, int, int], rate: float, unit: str | None) -> go.Figure:
    with st.container(horizontal=True, vertical_alignment="bottom", key="envelope-controls"):
        low, high = st.slider(
            "Band, Hz", 0, int(rate / 2), (int(rate / 6), int(rate / 2.4)), step=max(int(rate / 240), 1),
            key="envelope-band", width=320, help="Where the machine rings when it is struck.",
        )  # fmt: skip
        upto = st.number_input(
            "Show up to, Hz", 10, int(rate / 2), min(500, int(rate / 2)), key="envelope-upto", width=140
        )
        marks = tuple(_marks().items())
    return _envelope_drawn(where, rate, unit, (float(low), float(max(high, low + 1))), float(upto), marks)


def _marks() -> dict[str, float]:
    """The fault frequencies of a bearing that a person names."""
    from core.features.signals import bearings

    known = {"SKF 6205": bearings.SKF_6205, "SKF 6203": bearings.SKF_6203}
    name = st.selectbox("Bearing", [NO_BEARING, *known, OWN], key="bearing", bind="query-params", width=140)
    if name == NO_BEARING:
        return {}
    speed = st.number_input("Shaft, rpm", 1.0, 200_000.0, 1797.0, key="shaft-rpm", width=120)
    if name == OWN:
        elements = st.number_input("Rolling elements", 3, 200, 9, key="bearing-n", width=130)
        ball = st.number_input("Their diameter", 0.001, 1000.0, 7.94, key="bearing-d", width=130)
        pitch = st.number_input("Pitch diameter", 0.002, 5000.0, 39.04, key="bearing-p", width=130)
        angle = st.number_input("Contact angle, °", 0.0, 89.0, 0.0, key="bearing-a", width=130)
        bearing = bearings.Bearing(int(elements), ball, max(pitch, 1.01 * ball), angle)
    else:
        bearing = known[name]
    return charts.fault_marks(bearing.fault_frequencies(speed / 60))


@st.cache_data(max_entries=16, show_spinner="Transforming…")
def _envelope_drawn(
    where: tuple[str, str, int, int, int],
    rate: float,
    unit: str | None,
    band: tuple[float, float],
    upto: float,
    marks: tuple[tuple[str, float], ...],
) -> go.Figure:
    from core.features.signals.envelope import envelope_spectrum

    found = envelope_spectrum(_wave(where), rate, band)
    return charts.spectrum_figure(found, y=f"amplitude, {unit}" if unit else "amplitude", marks=dict(marks), upto=upto)


def _wave(where: tuple[str, str, int, int, int]) -> NDArray[Any]:
    """The samples; what was not measured is taken for silence."""
    dataset_id, name, start, stop, column = where
    values = rooms.datasets().series(dataset_id).by_name[name].values
    return np.nan_to_num(np.asarray(values[start:stop, column], np.float64))
