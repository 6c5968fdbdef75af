"""Hours since the first photograph in the unit that people would use: hours, days or weeks."""

from __future__ import annotations

from dataclasses import dataclass

DAY_H, WEEK_H = 24.0, 168.0


@dataclass(frozen=True)
class TimeUnit:
    """A unit of time: its name in the singular and how many hours it has."""

    name: str
    hours: float

    def of(self, hours: float) -> float:
        return hours / self.hours

    def at(self, hours: float) -> str:
        """A moment: ``day 3``, ``week 1.5``."""
        return f"{self.name} {_short(self.of(hours))}"

    def long(self, hours: float) -> str:
        """A duration: ``3 days``, ``1 week``."""
        text = _short(self.of(hours))
        return f"{text} {self.name}{'' if text == '1' else 's'}"

    @property
    def axis(self) -> str:
        return f"{self.name}s since the first photograph"


HOUR, DAY, WEEK = TimeUnit("hour", 1.0), TimeUnit("day", DAY_H), TimeUnit("week", WEEK_H)


def unit_of(hours: float) -> TimeUnit:
    """The unit for a series of photographs that lasts ``hours``."""
    if hours < 2 * DAY_H:
        return HOUR
    return DAY if hours < 5 * WEEK_H else WEEK


def _short(value: float) -> str:
    """At most one decimal, none where it says nothing or the number is large."""
    return f"{value:.0f}" if abs(value) >= 100 or abs(value - round(value)) < 0.05 else f"{value:.1f}"
