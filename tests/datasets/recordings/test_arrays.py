"""NPY, NPZ and MATLAB files, and those that could do harm."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from core.datasets.readers import read, read_series
from core.datasets.recordings.arrays import matrix
from core.errors import UserError


class Bomb:
    """Whoever opens its pickle leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.pkl.npz"])
def test_pickles_are_refused_unopened(tmp_path: Path, name: str) -> None:
    path, bomb = tmp_path / name, Bomb(tmp_path / "was here")
    if name == "a.pkl.npz":
        path.write_bytes(pickle.dumps(bomb))
    elif name == "a.npz":
        np.savez(path, data=np.array([bomb], dtype=object))
    else:
        np.save(path, np.array([bomb], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="pickled Python objects") as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert not bomb.mark.exists()


def test_matlab_7_3_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    header = b"MATLAB 7.3 MAT-file, Platform: PCWIN64".ljust(124) + b"\x00\x02IM"
    path.write_bytes(header.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(UserError, match=r"MATLAB 7\.3.*-v7"):
        read(path)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mat", "a.parquet"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 30])
def test_damaged_files_are_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=r"a\.\w+ (is|holds)") as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_truncated_npz(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", data=np.random.default_rng(0).normal(size=(500, 3)))
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:-300])
    with pytest.raises(UserError, match="damaged"):
        read(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("data.npy", b"\x93NUMPY\x01\x00nonsense")
    with pytest.raises(UserError, match="damaged"):
        read(tmp_path / "b.npz")


def test_arrays_beside_the_main_one_are_columns(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    label = np.zeros(60, np.int64)
    label[40:45] = 1
    np.savez(tmp_path / "a.npz", x=values, label=label, scale=np.float64(3))
    data = read_series(tmp_path / "a.npz")
    assert [sensor.name for sensor in data.sensors] == ["x 1", "x 2", "x 3"]
    assert [(event.start, event.stop) for event in data.units[1].events or ()] == [(10, 15)]


def test_matlab_rows_become_columns(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"signal": np.arange(60.0)[None, :], "comment": "text"})
    data = read_series(tmp_path / "a.mat")
    assert data.n_steps == 60 and [sensor.name for sensor in data.sensors] == ["signal"]


@pytest.mark.parametrize("array", [np.zeros((2, 3, 4)), np.zeros((40, 2), np.complex64), np.array(["a"] * 40)])
def test_other_shapes_and_types(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UserError, match=r"a\.npy holds"):
        read(tmp_path / "a.npy")


def test_infinite_values_of_published_sets_are_told(tmp_path: Path) -> None:
    values = np.zeros((40, 2), np.float32)
    values[7, 1] = np.inf
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(UserError, match="infinite value in row 8, column 2"):
        matrix(tmp_path / "a.npy")
    assert any("1 infinite value" in note for note in read_series(tmp_path / "a.npy").notes)  # a table keeps the rest
