"""The contract of ``core.detectors.series.contract``, checked on any detector over time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.detectors.series.contract import Pushed, Scores, SeriesDetector, SeriesStream
from core.progress import Progress

Build = Callable[[], SeriesDetector]
Values = NDArray[np.float32]

SENSORS = 4
FAULTY = 2  # the sensor with the injected fault
CONSTANT = 3  # never moves, in training or in tests
RELATIVE = 1e-6  # how closely two ways to the same score must agree


def machine(steps: int, seed: int) -> Values:
    """Three sensors that follow one load, each in its own way, and one that stands still; scaled."""
    rng = np.random.default_rng(seed)
    load = np.sin(np.arange(steps) / 8) + 0.3 * rng.normal(size=steps)
    values = np.stack([load, 0.7 * load, -load, np.zeros(steps)], axis=1)
    values[:, :CONSTANT] += 0.15 * rng.normal(size=(steps, CONSTANT))
    return values.astype(np.float32)


def with_holes(values: Values) -> Values:
    """Single missing values, a sensor that falls silent for long, and rows without any reading."""
    values = values.copy()
    rng = np.random.default_rng(5)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[40:90, 1] = np.nan
    values[60:64] = np.nan
    values[0] = np.nan
    return values


def check_series_detector(build: Build, folder: Path, examples: int = 6) -> None:
    """Fit what ``build`` gives on two stretches of a small machine, and hold it to its contract.

    ``folder`` is an empty one for its state; ``examples`` is how many random cuts are tried.
    """
    detector = build()
    detector.fit([machine(700, 1), machine(260, 2)], Progress())
    usual = machine(240, 3)
    holes = with_holes(usual)

    check_same_seed_same_scores(build, detector, usual)
    check_scores_are_whole_and_finite(detector, usual)
    check_scores_are_whole_and_finite(detector, holes)
    check_silent_sensors(detector, usual)
    check_any_cut_gives_the_same(detector, holes, examples)
    check_saved_and_loaded_it_is_the_same(detector, holes, folder)
    check_windows_agree_with_the_stream(detector, usual)
    check_a_fault_stands_out(detector, usual)
    check_memory_is_bounded(detector, holes)


def check_same_seed_same_scores(build: Build, detector: SeriesDetector, values: Values) -> None:
    again = build()
    again.fit([machine(700, 1), machine(260, 2)], Progress())
    assert_same(again.score(values), detector.score(values))


def check_scores_are_whole_and_finite(detector: SeriesDetector, values: Values) -> None:
    """One score and d parts for every step, in both kinds; nothing at all from nothing at all."""
    found = detector.score(values)
    for scores in (found.now, found.settled):
        assert scores.score.shape == (len(values),)
        assert scores.score.dtype == np.float64
        assert scores.parts.shape == values.shape
        assert scores.parts.dtype == np.float32
        assert np.isfinite(scores.score).all()
        assert np.isfinite(scores.parts).all()
    nothing = detector.score(values[:0])
    assert len(nothing.now) == len(nothing.settled) == 0
    assert detector.stream().push(values[:0]).now.parts.shape == (0, values.shape[1])


def check_silent_sensors(detector: SeriesDetector, values: Values) -> None:
    """A sensor without a reading is not to blame, and a machine that is wholly silent still has finite scores."""
    silent = values.copy()
    silent[:, 0] = np.nan
    check_scores_are_whole_and_finite(detector, silent)
    found = detector.score(silent)
    assert (found.now.parts[:, 0] == 0).all()
    assert (found.settled.parts[:, 0] == 0).all()
    check_scores_are_whole_and_finite(detector, np.full_like(values, np.nan))
    wild = values.copy()
    wild[50:60, 1] = 1e30
    check_scores_are_whole_and_finite(detector, wild)


def check_any_cut_gives_the_same(detector: SeriesDetector, values: Values, examples: int) -> None:
    whole = pushed(detector.stream(), [values])
    assert_same(pushed(detector.stream(), list(np.split(values, len(values)))), whole)
    assert_same(detector.score(values), whole)
    cuts = st.lists(st.integers(0, len(values)), max_size=8).map(sorted)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(cuts)
    def any_cut(places: list[int]) -> None:
        assert_same(pushed(detector.stream(), np.split(values, places)), whole)

    any_cut()


def check_saved_and_loaded_it_is_the_same(detector: SeriesDetector, values: Values, folder: Path) -> None:
    detector.save(folder)
    files = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert files <= {".safetensors", ".json", ".skops"}
    loaded = type(detector).load(folder, detector.params, detector.seed)
    assert (loaded.context, loaded.delay) == (detector.context, detector.delay)
    before, after = detector.score(values), loaded.score(values)
    for one, other in ((before.now, after.now), (before.settled, after.settled)):
        np.testing.assert_array_equal(one.score, other.score)
        np.testing.assert_array_equal(one.parts, other.parts)


def check_windows_agree_with_the_stream(detector: SeriesDetector, values: Values) -> None:
    """Explanations probe windows: the shortcut must give what a stream over each window gives."""
    steps = detector.context + 2
    windows = np.stack([values[start : start + steps] for start in (0, 7, 60)])
    windows[2, -1, 0] = np.nan
    expected = [detector.stream().push(window).now.score[-1] for window in windows]
    np.testing.assert_allclose(detector.score_windows(windows), expected, rtol=1e-5, atol=1e-9)


def check_a_fault_stands_out(detector: SeriesDetector, values: Values) -> None:
    """A sensor jumps by six spreads: soon the score is above 95 of 100 usual steps, and that part has risen
    most. (Isolation forests know no more than that a reading is at the rim of what they have seen.)"""
    usual = detector.score(values)
    faulty = values.copy()
    faulty[150:, FAULTY] += 6
    found = detector.score(faulty)
    soon = slice(150, 170 + detector.context)
    for before, after in ((usual.now, found.now), (usual.settled, found.settled)):
        assert after.score[soon].max() > np.quantile(before.score[detector.context :], 0.95)
        risen = (after.parts - before.parts)[150 : 150 + detector.context]
        assert risen.sum(axis=0).argmax() == FAULTY


def check_memory_is_bounded(detector: SeriesDetector, values: Values) -> None:
    """A stream that has seen ten times as much holds no more."""
    stream = detector.stream()
    sizes = []
    for _ in range(12):
        stream.push(values)
        sizes.append(held(stream))
    assert sizes[-1] <= sizes[1] * 1.01 + 512


def held(stream: SeriesStream) -> int:
    """Bytes of the stream's own state: arrays and plain values, not the detector that it belongs to."""
    total, seen, waiting = 0, set[int](), [vars(stream)]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, SeriesDetector | type) or callable(one):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            base = one
            while isinstance(base.base, np.ndarray):
                base = base.base
            total += base.nbytes
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list | tuple | set):
            waiting += one
        elif hasattr(one, "__dict__"):
            waiting.append(vars(one))
        else:
            total += sys.getsizeof(one)
    return total


def pushed(stream: SeriesStream, blocks: list[Values]) -> Pushed:
    """All scores of a stream that is pushed block by block and closed."""
    found = [stream.push(block) for block in blocks]
    width = blocks[0].shape[1]
    for block, one in zip(blocks, found, strict=True):
        assert len(one.now) == len(block)
    return Pushed(
        Scores.joined([one.now for one in found], width),
        Scores.joined([*(one.settled for one in found), stream.close()], width),
    )


def assert_same(one: Pushed, other: Pushed) -> None:
    for a, b in ((one.now, other.now), (one.settled, other.settled)):
        np.testing.assert_allclose(a.score, b.score, rtol=RELATIVE, atol=RELATIVE * np.abs(b.score).max(initial=1e-12))
        scale = np.abs(b.parts).max(initial=1e-12)
        np.testing.assert_allclose(a.parts, b.parts, rtol=1e-5, atol=RELATIVE * scale)
