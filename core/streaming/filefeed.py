"""A growing CSV or JSONL file as a feed."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.streaming.samples import Reader, Sample, Sorter
from core.streaming.source import Batch, Tally
from core.streaming.tail import LineTail

DELIMITERS = ",;\t|"
MOST_CELLS = 10_000


class FileTail:
    """Rows appended to a file. A CSV begins with its columns' names, also after a rotation; a JSONL line is an object
    by sensor. Sensors are found by name; columns that no model knows are left aside."""

    def __init__(self, path: Path, sensors: Sequence[str]) -> None:
        self.sensors: Sequence[str] = tuple(sensors)
        self.tally = Tally()
        self._path, self._tail = path, LineTail(path, self.tally)
        self._json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
        self._header: list[str] | None = None
        self._delimiter = ","
        self._reader = Reader(self.sensors, self.tally, unit=path.stem[:80])
        self._sorter = Sorter(self.tally, len(self.sensors))
        self._waiting: deque[str] = deque()
        self._running = False

    def take(self, now: float, most: int) -> list[Batch]:
        if not self._running:
            return []
        found: list[Sample] = []
        while len(found) < most:
            if not self._waiting and not self._read():
                break
            while self._waiting and len(found) < most:
                sample = self._row(self._waiting.popleft())
                if sample is not None:
                    found.append(sample)
        return self._sorter.batches(found) if found else []

    @property
    def exhausted(self) -> bool:
        return False

    @property
    def waiting(self) -> bool:
        """Whether the file has never been there."""
        return self._tail.waiting

    def behind(self, now: float) -> int:
        return len(self._waiting)

    def set_speed(self, speed: float, now: float) -> None:
        self._running = speed > 0

    def close(self) -> None:
        self._tail.close()

    def _read(self) -> bool:
        """Whether new lines came. Lines of a file before a rotation are all used when those after it are read."""
        lines, begins = self._tail.lines()
        if begins:
            self._header = None
        self._waiting.extend(lines)
        return bool(lines)

    def _row(self, line: str) -> Sample | None:
        if not line.strip():
            return None
        row = self._object(line) if self._json else self._cells(line)
        return None if row is None else self._reader.sample(row)

    def _object(self, line: str) -> Mapping[str, Any] | None:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            self._torn("a line is not JSON")
            return None
        if not isinstance(found, dict) or len(found) > MOST_CELLS:
            self._torn("a line is not an object by sensor")
            return None
        return found

    def _cells(self, line: str) -> Mapping[str, Any] | None:
        if self._header is None:
            self._begin(line)
            return None
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter))
        except csv.Error:
            self._torn("a line is not CSV")
            return None
        if len(cells) != len(self._header):
            self._torn(f"a line has {len(cells)} cells, the columns are {len(self._header)}")
            return None
        if self._delimiter != ",":
            cells = [cell.replace(",", ".") for cell in cells]
        return dict(zip(self._header, cells, strict=True))

    def _begin(self, line: str) -> None:
        """The names of the columns. UserError where no model's sensor is among them."""
        self._delimiter = max(DELIMITERS, key=line.count)
        self._header = [name.strip() for name in next(csv.reader([line], delimiter=self._delimiter))]
        known = [name for name in self._header if name in self.sensors]
        if not known:
            raise UserError(
                "The file's first line names none of the sensors that the models watch",
                self._path.name,
                f"Write a line of columns such as {', '.join(self.sensors[:4])} at its start",
            )

    def _torn(self, said: str) -> None:
        self.tally.torn += 1
        self.tally.said = said
