"""What ``scrapy verify`` finds."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 20
"""Faults that are listed; more are counted."""


@dataclass(slots=True)
class Verified:
    """``files`` and ``rows`` that were compared. ``faults`` are the first MOST faults, ``count`` is their number.
    ``notes`` are lines on rows and files that could not be compared; these are not faults."""

    files: int = 0
    rows: int = 0
    faults: list[str] = field(default_factory=list)
    count: int = 0
    notes: list[str] = field(default_factory=list)

    def fail(self, fault: str) -> None:
        self.count += 1
        if len(self.faults) < MOST:
            self.faults.append(fault)
