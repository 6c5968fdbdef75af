"""WAV files: their numbers, their labels, and what is none."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from core.datasets.readers import read, read_series
from core.datasets.recordings.sound import samples
from core.datasets.series import Event, SeriesSet
from core.errors import UserError


def put(path: Path, n: int = 800, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(str(path))).integers(-3000, 3000, n).astype(np.int16)
    wavfile.write(path, rate, noise)


def test_every_sample_format_gives_the_same_numbers(tmp_path: Path) -> None:
    wanted = np.array([[0.5, -0.25], [-1.0, 0.0], [0.75, 0.5]], np.float32)
    for dtype, factor in ((np.int16, 2**15), (np.int32, 2**31), (np.float32, 1), (np.float64, 1)):
        wavfile.write(tmp_path / "a.wav", 8000, (wanted.astype(np.float64) * factor).astype(dtype))
        assert np.allclose(samples(tmp_path / "a.wav")[1], wanted, atol=1e-6), dtype
    wavfile.write(tmp_path / "a.wav", 8000, (wanted * 128 + 128).clip(0, 255).astype(np.uint8))
    assert np.allclose(samples(tmp_path / "a.wav")[1], wanted, atol=1e-6)
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(44100)
        whole = (wanted.astype(np.float64) * 2**23).astype(np.int32).ravel()
        file.writeframes(b"".join(struct.pack("<i", int(value))[:3] for value in whole))
    rate, found = samples(tmp_path / "b.wav")
    assert rate == 44100 and np.allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a wave file at all" * 20, b"RIFF\x24\x00\x00\x00WAVEfmt "])
def test_what_is_no_wav_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.wav is no WAV recording") as caught:
        read(tmp_path / "a.wav")
    assert "\n" not in str(caught.value)


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    put(tmp_path / "normal/a.wav")
    put(tmp_path / "normal/b.wav")
    put(tmp_path / "normal/c.wav", rate=16000)
    (tmp_path / "normal/d.wav").write_bytes(b"nothing")
    data = read(tmp_path)
    assert isinstance(data, SeriesSet) and len(data) == 2
    assert [one.name for one in data.rejected] == ["normal/d.wav", "normal/c.wav"]
    assert "16000 Hz" in data.rejected[1].reason


def test_mimii(shared_datasets: Path) -> None:
    data = read(shared_datasets / "mimii_fan")
    assert isinstance(data, SeriesSet) and (data.kind, data.rate, data.fleet) == ("sound", 16000.0, False)
    assert data.machines == ["fan_id_00"] and len(data) == 40
    train = [unit for unit in data.units if unit.split == "train"]
    assert len(train) == 10 and all(unit.events == () for unit in train)
    fault = data.by_name["fan_id_00/abnormal/00000000"]
    assert fault.split == "test" and fault.events == (Event(0, 160000, kind="abnormal"),)
    rms = float(np.sqrt(np.mean((data.by_name["fan_id_00/normal/00000000"].values * 32768.0) ** 2)))
    assert rms == pytest.approx(206.96, abs=0.01)  # index.csv
    assert any("Loudness" in note for note in data.notes)


def test_dcase_names(tmp_path: Path) -> None:
    for i in range(2):
        put(tmp_path / f"fan/train/normal_id_00_{i}.wav")
        put(tmp_path / f"fan/test/anomaly_id_00_{i}.wav")
        put(tmp_path / f"fan/test/normal_id_02_{i}.wav")
    data = read_series(tmp_path)
    assert data.machines == ["fan/id_00", "fan/id_02"]
    assert {(unit.machine, unit.split, bool(unit.events)) for unit in data.units} == {
        ("fan/id_00", "train", False),
        ("fan/id_00", "test", True),
        ("fan/id_02", "test", False),
    }


def test_a_single_recording_is_halved(tmp_path: Path) -> None:
    put(tmp_path / "a.wav", n=1000)
    data = read_series(tmp_path / "a.wav")
    assert [(unit.name, unit.split, len(unit)) for unit in data.units] == [
        ("a/train", "train", 500),
        ("a/test", "test", 500),
    ]
