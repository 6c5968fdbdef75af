"""Numeric arrays from NPY, NPZ and MATLAB files. Nothing is ever unpickled: such a file is refused."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

SUFFIXES = frozenset({".npy", ".npz", ".mat"})
Arrays = dict[str, NDArray[np.generic]]
_HDF5 = b"\x89HDF"
# What numpy and scipy raise for damaged files: a header may also ask for more memory than there is.
_FAULTS = (
    OSError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError, MemoryError, NotImplementedError,
    struct.error, tokenize.TokenError, SyntaxError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def load(path: Path) -> Arrays:
    """The numeric arrays of a file by name; an NPY file's is called ``data``. Text, cells and structures of a MATLAB
    file are left out. UserError, a sentence, for a file that holds pickled objects, is damaged or no such file."""
    if not path.stat().st_size:
        raise UserError(f"{path.name} is empty", str(path))
    try:
        return _mat(path) if path.suffix.casefold() == ".mat" else _numpy(path)
    except _FAULTS as error:
        raise _explained(error, path) from error


def matrix(path: Path) -> NDArray[np.float32]:
    """The one array of a file as (n, d) float32; one-dimensional data become a column. UserError where it has several
    arrays or another shape."""
    found = load(path)
    if len(found) != 1:
        raise UserError(f"{path.name} holds {len(found)} arrays ({', '.join(found)[:80]}), not one", str(path))
    return finite(as_matrix(next(iter(found.values())), path), path)


def as_matrix(array: NDArray[np.generic], path: Path) -> NDArray[np.float32]:
    """(n,) or (n, d) as (n, d) float32. UserError for other shapes and for what is not numbers."""
    if array.dtype.kind not in "fiub":
        raise UserError(f"{path.name} holds values of type {array.dtype}, not real numbers", str(path))
    if array.ndim not in (1, 2) or not array.size:
        shape = " x ".join(map(str, array.shape))
        raise UserError(f"{path.name} holds an array of shape {shape}, not steps x sensors", str(path))
    with np.errstate(over="ignore"):  # beyond single precision: infinite, which ``finite`` and tables tell
        return np.asarray(array.reshape(len(array), -1), np.float32)


def finite(values: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    """The (n, d) values as they are; NaN is a missing one. UserError where one is infinite."""
    if np.isinf(values).any():
        row, column = map(int, np.argwhere(np.isinf(values))[0])
        raise UserError(f"{path.name} holds an infinite value in row {row + 1}, column {column + 1}", str(path))
    return values


def variables(path: Path) -> list[str]:
    """Names of the arrays in an NPZ or MATLAB file, without reading them; [] where it cannot be opened as one."""
    try:
        if path.suffix.casefold() == ".mat":
            import scipy.io

            with _as_value_error():
                return [name for name, _, _ in scipy.io.whosmat(path)]
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except _FAULTS:
        return []


def _numpy(path: Path) -> Arrays:
    with path.open("rb") as file:  # numpy would leave a damaged archive open
        opened = np.load(file, allow_pickle=False)
        if isinstance(opened, np.ndarray):
            return {"data": opened}
        return {name: opened[name] for name in opened.files}


def _mat(path: Path) -> Arrays:
    import scipy.io  # slow to import, and few need it

    with _as_value_error():
        found = scipy.io.loadmat(path)
    numeric = {k: v for k, v in found.items() if isinstance(v, np.ndarray) and v.dtype.kind in "fiub" and v.size}
    if not numeric:
        raise UserError(f"{path.name} holds no numeric array", str(path))
    return numeric


@contextmanager
def _as_value_error() -> Iterator[None]:
    """scipy's own error for a damaged file is of no common kind."""
    from scipy.io.matlab import MatReadError

    try:
        yield
    except MatReadError as error:
        raise ValueError(str(error)) from error


def _explained(error: Exception, path: Path) -> UserError:
    kind = path.suffix[1:].upper()
    with path.open("rb") as file:
        head = file.read(516)
    # numpy takes any garbage for a pickle; real ones begin with their protocol.
    if "pickle" in str(error).casefold() and head.startswith((b"\x93NUMPY", b"PK", b"\x80")):
        what = f"{path.name} holds pickled Python objects, which may run code when they are read, and is not opened"
        return UserError(what, str(path), "Save plain numeric arrays with numpy.save or numpy.savez")
    if head.startswith(_HDF5) or head[512:] == _HDF5:
        what = f"{path.name} is a MATLAB 7.3 file (HDF5), which is not read"
        return UserError(what, str(path), "Save it in MATLAB with -v7")
    return UserError(f"{path.name} is damaged or no {kind} file", str(path), "Fetch or export it again")
