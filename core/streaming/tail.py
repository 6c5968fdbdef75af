"""A file that grows, line by line: what a logger writes, read while it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError
from core.streaming.source import Tally

CHUNK = 1 << 20  # bytes read at once; the rest waits in the file
LONGEST = 1 << 20  # bytes of a line; more is no row


class LineTail:
    """The complete lines of a file since the last look. A last line without its end waits until it has one.

    A file that was replaced (rotated) is read to its end before the new one begins; one that became shorter than what
    was read of it is read from its start. A file truncated and filled again beyond that point between two looks cannot
    be told from one that grew.
    """

    def __init__(self, path: Path, tally: Tally) -> None:
        self._path, self._tally = path, tally
        self._file: BinaryIO | None = None
        self._rest = b""

    @property
    def waiting(self) -> bool:
        """Whether the file has never been there."""
        return self._file is None

    def lines(self) -> tuple[list[str], bool]:
        """The next complete lines, without their ends, and whether the first of them begins a file.

        UserError where the file cannot be read.
        """
        begins = self._open_if_needed()
        if self._file is None:
            return [], False
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._forget()
            begins = True
        data = self._file.read(CHUNK)
        if not data:
            if not self._replaced():
                return [], begins
            self._file.close()
            self._file = None
            self._forget()
            return self.lines()
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            self._rest = b""
            self._tally.torn += 1
        return [line.removesuffix(b"\r").decode("utf-8-sig", "replace") for line in whole], begins

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_if_needed(self) -> bool:
        """Whether a file was opened now."""
        if self._file is not None:
            return False
        if not self._path.exists():
            return False
        try:
            if not self._path.is_file():
                raise IsADirectoryError(0, "it is not a plain file")
            self._file = self._path.open("rb")
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UserError(
                f"The file cannot be read: {error.strerror}", str(self._path), "Give a file that this server may read"
            ) from None
        return True

    def _replaced(self) -> bool:
        """Whether another file lies at the path now. One that was moved away is waited for."""
        assert self._file is not None  # noqa: S101
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        here = os.fstat(self._file.fileno())
        return (there.st_ino, there.st_dev) != (here.st_ino, here.st_dev)

    def _forget(self) -> None:
        """A line without its end in a file that is gone will never have one."""
        self._tally.torn += bool(self._rest)
        self._rest = b""
        self._tally.restarts += 1
