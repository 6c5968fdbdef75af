"""The columns of one table file, whatever it is written in: CSV, Parquet, NPY, NPZ, MATLAB."""

from __future__ import annotations

from csv import Error as CsvError
from csv import reader
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.datasets.recordings import arrays, numbers
from core.datasets.recordings.dialect import MISSING, Dialect, dialect_of, unique
from core.datasets.recordings.tablemapping import TableMapping
from core.errors import UserError

PARQUET = frozenset({".parquet", ".pq"})
_SAMPLE = 2000  # rows


@dataclass(frozen=True)
class Glimpse:
    """The first rows as text, missing values as "". ``types`` tells what a typed file says of each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    types: tuple[str, ...]
    dialect: Dialect | None = None


@dataclass
class Loaded:
    """``frame`` holds the mapped columns: sensors and conditions as float32, the others as they are in the file."""

    frame: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)


def glimpse(path: Path) -> Glimpse:
    """The first rows of a file. UserError where it is empty, damaged or no table."""
    suffix = path.suffix.casefold()
    if suffix in PARQUET:
        return _glimpse_of(_parquet(path, None, _SAMPLE))
    if suffix in arrays.SUFFIXES:
        return _glimpse_of(_array_frame(path).head(_SAMPLE))
    dialect = dialect_of(path)
    width = len(dialect.columns)
    rows = tuple(tuple("" if cell in MISSING else cell for cell in row) for row in dialect.rows if len(row) == width)
    if not rows:
        raise UserError(f"No row of {path.name} has the {width} fields of its header", str(path))
    return Glimpse(dialect.columns, rows, ("text",) * width, dialect)


def load(path: Path, mapping: TableMapping) -> Loaded:
    """The mapped columns of a file. UserError where one is missing, or a sensor holds text."""
    suffix = path.suffix.casefold()
    wanted = [*mapping.sensors, *mapping.conditions]
    wanted += [column for column in (mapping.time, mapping.unit, mapping.label) if column is not None]
    notes: list[str] = []
    if suffix in PARQUET:
        frame = _parquet(path, wanted)
    elif suffix in arrays.SUFFIXES:
        frame = _array_frame(path)
        _demand(wanted, list(frame.columns), path)
        frame = frame[wanted]
    else:
        frame, notes = _text(path, mapping, wanted)
    if frame.empty:
        raise UserError(f"{path.name} has no rows", str(path))
    loaded = Loaded(frame, notes)
    for column in (*mapping.sensors, *mapping.conditions):
        _make_numeric(loaded, column, mapping, path)
    return loaded


def _make_numeric(loaded: Loaded, column: str, mapping: TableMapping, path: Path) -> None:
    cells = loaded.frame[column]
    if cells.dtype == np.float32:
        return
    if pd.api.types.is_numeric_dtype(cells.dtype):
        with np.errstate(over="ignore"):
            loaded.frame[column] = cells.to_numpy(np.float32, na_value=np.nan)
        return
    if cells.dtype.kind in "Mm" or isinstance(cells.dtype, pd.DatetimeTZDtype):
        raise UserError(
            f"The column {column} holds times, not a sensor", str(path), "Map it as the time or leave it out"
        )
    found, notes = numbers.parsed(cells.astype("string"), column, mapping.decimal, path.name)
    loaded.notes += notes
    if found is None:
        loaded.left_out.add(column)
        del loaded.frame[column]
    else:
        loaded.frame[column] = found


def _text(path: Path, mapping: TableMapping, wanted: list[str]) -> tuple[pd.DataFrame, list[str]]:
    import pyarrow as pa
    from pyarrow import csv

    columns = _header(path, mapping)
    _demand(wanted, list(columns), path)
    ragged: list[tuple[int | None, int]] = []

    def skip(row: csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    def parse(sensor_type: pa.DataType) -> pa.Table:
        ragged.clear()
        numeric = {*mapping.sensors, *mapping.conditions}
        return csv.read_csv(
            path,
            # One thread: the reader's own threads outlive the call and would be forked into jobs.
            read_options=csv.ReadOptions(
                use_threads=False, encoding=mapping.encoding, column_names=columns, skip_rows=int(mapping.header)
            ),
            parse_options=csv.ParseOptions(delimiter=mapping.separator, invalid_row_handler=skip),
            convert_options=csv.ConvertOptions(
                include_columns=wanted,
                column_types={name: sensor_type if name in numeric else pa.string() for name in wanted},
                decimal_point=mapping.decimal,
                null_values=MISSING,
                strings_can_be_null=True,
            ),
        )

    try:
        try:
            table = parse(pa.float32())
        except pa.ArrowInvalid:  # text among the numbers: read again as text, which can tell where
            table = parse(pa.string())
    except (pa.ArrowInvalid, pa.ArrowKeyError, LookupError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0][:160]
        raise UserError(f"{path.name} cannot be read as a table: {reason}", str(path)) from error
    notes = []
    if ragged:
        if len(ragged) > table.num_rows:
            raise UserError(
                f"Most rows of {path.name} have another number of fields than the {len(columns)} of its header",
                str(path),
                "Check the separator",
            )
        line, fields = ragged[0]
        notes.append(
            f"{path.name}: {len(ragged)} ragged rows were left out, the first of them row {line} with {fields} of "
            f"{len(columns)} fields."
        )
    return table.to_pandas(split_blocks=True, self_destruct=True), notes


def _header(path: Path, mapping: TableMapping) -> tuple[str, ...]:
    if mapping.header:
        with path.open(encoding=mapping.encoding, errors="replace", newline="") as file:
            try:
                first = next(reader(file, delimiter=mapping.separator), [])
            except CsvError as error:
                what = f"{path.name} is no table ({error})"
                raise UserError(what, str(path), "Export it as CSV or Parquet") from None
        return unique(tuple(cell.removeprefix("\ufeff") for cell in first))
    return dialect_of(path).columns


def _parquet(path: Path, columns: list[str] | None, rows: int | None = None) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            if columns is not None:
                _demand(columns, file.schema_arrow.names, path)
            if rows is not None:
                batch = next(file.iter_batches(rows), None)
                table = pa.Table.from_batches([] if batch is None else [batch], file.schema_arrow)
            else:
                table = file.read(columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path.name} is damaged or no Parquet file", str(path), "Export it again") from error
    return table.to_pandas(ignore_metadata=True)


def _array_frame(path: Path) -> pd.DataFrame:
    """The largest array as columns, with one-dimensional ones of the same length beside it."""
    found = {name: array for name, array in arrays.load(path).items() if array.ndim in (1, 2) and array.size > 1}
    if not found:
        raise UserError(f"{path.name} holds no array of steps x sensors", str(path))
    main = max(found, key=lambda name: found[name].size)
    values = arrays.as_matrix(found[main], path)
    if values.shape[0] == 1:  # MATLAB writes a series as one row
        values = values.T
    width = values.shape[1]
    named = [main] if width == 1 else [f"{main} {i + 1}" for i in range(width)]
    frame = pd.DataFrame(values, columns=named)
    for name, array in found.items():
        if name != main and array.size == len(frame):
            frame[name] = array.ravel()
    return frame


def _glimpse_of(frame: pd.DataFrame) -> Glimpse:
    text = frame.astype("string").fillna("")
    rows = tuple(tuple(map(str, row)) for row in text.itertuples(index=False, name=None))
    return Glimpse(tuple(map(str, frame.columns)), rows, tuple(map(str, frame.dtypes)))


def _demand(wanted: list[str], there: list[str], path: Path) -> None:
    missing = [column for column in wanted if column not in there]
    if missing:
        shown = ", ".join(there[:8]) + (", …" if len(there) > 8 else "")
        raise UserError(f"{path.name} has no column {missing[0]}", str(path), f"Its columns are {shown}")
