"""What kinds of messages a log holds: templates by a fixed-depth tree (Drain; He et al., ICWS 2017).

Messages of the same number of words and the same first words lie in one leaf; there a message joins the template with
which it shares the most words, if they are enough, and what differs becomes ``<*>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

ANY = "<*>"
DEPTH = 2  # first words that must be equal
LEAST_SHARED = 0.5  # share of equal words for a message to join
CHILDREN = 100  # of a node; further words go to one branch together

# What is a value in any log: addresses, numbers, hexadecimal, paths, times, block and node names with digits in them.
_VALUE = re.compile(r"(?:[/\\]\S*|\S*\d\S*)")


def words_of(message: str) -> tuple[str, ...]:
    """The words of a message, values masked."""
    return tuple(ANY if _VALUE.fullmatch(word) else word for word in message.split())


@dataclass
class TemplateMiner:
    """Learns templates as messages come. Template numbers are given in the order of their first message."""

    templates: list[tuple[str, ...]] = field(default_factory=list)
    _leaves: dict[tuple[object, ...], list[int]] = field(default_factory=dict, repr=False)
    _firsts: dict[tuple[object, ...], set[str]] = field(default_factory=dict, repr=False)

    def learn(self, message: str) -> int:
        """The number of the template that the message belongs to, a new one where it fits none."""
        words = words_of(message)
        leaf = self._leaves.setdefault(self._path(words, grow=True), [])
        found = self._nearest(words, leaf)
        if found is None:
            self.templates.append(words)
            leaf.append(len(self.templates) - 1)
            return len(self.templates) - 1
        kept = self.templates[found]
        self.templates[found] = tuple(a if a == b else ANY for a, b in zip(kept, words, strict=True))
        return found

    def match(self, message: str) -> int | None:
        """The number of the template without learning; None for a message of a new kind."""
        words = words_of(message)
        return self._nearest(words, self._leaves.get(self._path(words, grow=False), []))

    def text(self, number: int) -> str:
        """A template as people read it."""
        return " ".join(self.templates[number])

    def _path(self, words: tuple[str, ...], *, grow: bool) -> tuple[object, ...]:
        path: tuple[object, ...] = (len(words),)
        for word in words[:DEPTH]:
            known = self._firsts.setdefault(path, set()) if grow else self._firsts.get(path, set())
            if word not in known and grow and len(known) < CHILDREN:
                known.add(word)
            path = (*path, word if word in known else ANY)
        return path

    def _nearest(self, words: tuple[str, ...], leaf: Iterable[int]) -> int | None:
        best, most = None, LEAST_SHARED * len(words)
        for number in leaf:
            shared = sum(a == b for a, b in zip(self.templates[number], words, strict=True))
            if shared >= most and (best is None or shared > most):
                best, most = number, float(shared)
        return best
