"""Charts of signals: few points and no peak lost, gaps that stay gaps, marks where the faults would show."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.charts.signals import (
    COLUMNS,
    ROWS,
    decimate,
    fault_marks,
    mel_figure,
    signal_figure,
    spectrogram_figure,
    spectrum_figure,
    torn,
)
from core.features.signals.bearings import SKF_6205
from core.features.signals.spectra import Spectrogram, Spectrum, amplitude_spectrum, spectrogram

readings = arrays(float, st.integers(1, 900), elements=st.one_of(st.floats(-5, 5), st.just(np.nan)))


def drawable(figure: go.Figure) -> dict:
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    return json.loads(figure.to_json())


@given(values=readings, points=st.integers(5, 120))
def test_decimation_keeps_extremes_ends_order_and_gaps(values: np.ndarray, points: int) -> None:
    time = np.cumsum(np.linspace(1, 2, len(values)))
    shown, found = decimate(time, values, points)
    assert len(shown) == len(found) <= max(points, 5)
    assert (np.diff(shown) > 0).all() and shown[0] == time[0] and shown[-1] == time[-1]
    assert np.isnan(found).any() == np.isnan(values).any()
    if np.isfinite(values).any():
        assert np.nanmax(found) == np.nanmax(values) and np.nanmin(found) == np.nanmin(values)
    place = np.searchsorted(time, shown)
    assert np.array_equal(found, values[place], equal_nan=True)  # no value is made up


@given(values=readings)
def test_every_stretch_keeps_its_own_extremes_and_every_wide_gap_is_seen(values: np.ndarray) -> None:
    time = np.arange(len(values), dtype=float)
    points = 60
    shown, found = decimate(time, values, points)
    size = 1 if len(values) <= points else -(-len(values) // ((points - 2) // 3))
    for start in range(0, len(values), size):
        inside = (shown >= start) & (shown < start + size)
        stretch = values[start : start + size]
        if np.isfinite(stretch).any():
            assert np.nanmax(found[inside]) == np.nanmax(stretch)
            assert np.nanmin(found[inside]) == np.nanmin(stretch)
        assert np.isnan(found[inside]).any() == np.isnan(stretch).any()


def test_one_spike_in_a_million_points_is_drawn() -> None:
    values = np.zeros(1_000_000, np.float32)
    values[777_777] = 9
    shown, found = decimate(np.arange(1e6), values)
    assert len(found) <= 2000 and shown[found == 9] == [777_777]


def test_short_signals_stay_whole_and_infinite_readings_are_gaps() -> None:
    shown, found = decimate([1, 2, 3], [0.5, np.inf, 2.0])
    assert shown.tolist() == [1, 2, 3] and np.array_equal(found, [0.5, np.nan, 2.0], equal_nan=True)
    assert len(decimate([], [])[0]) == 0
    with pytest.raises(ValueError, match="cannot show"):
        decimate([1], [1], 4)


def test_times_may_be_dates() -> None:
    time = np.datetime64("2026-01-01") + np.arange(10_000).astype("timedelta64[s]")
    shown, _ = decimate(time, np.sin(np.arange(10_000)))
    assert shown.dtype == time.dtype and len(shown) <= 2000


def test_no_line_leads_over_missing_time() -> None:
    time = np.concatenate([np.arange(50.0), np.arange(80.0, 100.0)])
    shown, values = torn(time, np.ones(70, np.float32))
    assert np.flatnonzero(np.isnan(values)).tolist() == [50] and 49 < shown[50] < 80 and values.dtype == np.float32
    dates = np.datetime64("2026-01-01") + time.astype("timedelta64[s]")
    assert np.isnan(torn(dates, np.ones(70))[1]).sum() == 1
    late = np.delete(np.arange(100.0), [50, 51])  # two readings that are late are no gap
    assert torn(late, np.ones(98))[0] is late and len(torn(late[:1], np.ones(1))[0]) == 1


def test_a_reading_alone_between_gaps_is_a_dot() -> None:
    nan = np.nan
    figure = signal_figure(np.arange(6.0), [1, 2, nan, 7, nan, 3], x="time, s", y="flow, m3/h")
    line, dots = figure.data
    assert line.mode == "lines" and list(dots.y) == [7, 3]
    assert drawable(figure)["layout"]["yaxis"]["title"]["text"] == "flow, m3/h"
    assert len(signal_figure([0.0, 1.0], [1.0, 2.0], x="", y="").data) == 1


def test_marks_stand_at_the_fault_frequencies_and_their_multiples() -> None:
    marks = fault_marks(SKF_6205.fault_frequencies(30.0))
    time = np.arange(12_000) / 12_000
    found = amplitude_spectrum(np.sin(2 * np.pi * 107 * time), 12_000)
    figure = spectrum_figure(found, y="envelope, g", marks=marks, upto=300)
    drawable(figure)
    heights = {note.text: note.y for note in figure.layout.annotations if note.text in marks}
    at = {name: [note.x for note in figure.layout.annotations if note.y == y] for name, y in heights.items()}
    assert at["BPFO"] == pytest.approx([107.5, 215.1], abs=0.1)  # the third multiple is beyond what is shown
    assert len(at["FTF"]) == 3 and at["2×BSF"] == pytest.approx([141.4, 282.8], abs=0.1)
    assert figure.layout.xaxis.range == (0, 300) and max(figure.data[0].x) <= 300
    assert max(figure.data[0].y) == pytest.approx(1)
    lines = {(shape.line.color, shape.line.dash) for shape in figure.layout.shapes}
    assert len(lines) == len(marks)


def test_a_long_spectrum_keeps_its_lines() -> None:
    value = np.zeros(500_000)
    value[123_456] = 3
    figure = spectrum_figure(Spectrum(np.arange(500_000) / 100, value), y="g")
    assert len(figure.data[0].y) <= 2000 and max(figure.data[0].y) == 3


def test_heatmaps_are_pooled_and_keep_the_loudest() -> None:
    level = np.full((1025, 5000), -90.0)
    level[700, 3333] = 0
    figure = spectrogram_figure(Spectrogram(np.arange(5000) * 0.1, np.arange(1025) * 10.0, level))
    drawable(figure)
    (drawn,) = figure.data
    cells = np.asarray(drawn.z)
    assert cells.shape[0] <= ROWS and cells.shape[1] <= COLUMNS and cells.max() == 0
    row, column = np.argwhere(cells == 0)[0]
    assert drawn.x[column] == pytest.approx(333.3, abs=0.5) and drawn.y[row] == pytest.approx(7000, abs=30)


def test_a_small_spectrogram_is_drawn_as_it_is() -> None:
    found = spectrogram(np.random.default_rng(0).standard_normal(4000), 8000, 256, 128)
    (drawn,) = spectrogram_figure(found).data
    assert np.allclose(drawn.z, found.level, atol=1e-3) and np.array_equal(drawn.x, found.time)


def test_mel_bands_are_named_by_their_centres() -> None:
    centres = np.linspace(50, 7900, 64)
    figure = mel_figure(np.arange(10) * 0.03, centres, np.zeros((64, 10)))
    drawable(figure)
    assert figure.layout.yaxis.ticktext[0] == "50" and figure.layout.yaxis.ticktext[-1] == "7900"
    assert np.asarray(figure.data[0].z).shape == (64, 10)
