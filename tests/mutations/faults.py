"""The list of faults: small mistakes in newsbot, each with the tests that must notice it.

The ``*.toml`` files beside this module hold the list, one file for each part of newsbot. A fault replaces the text
``old`` of ``file``, which occurs there exactly once, by ``new``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``number`` counts from 1 over the whole list; ``tests`` are files or node ids, relative to the repository."""

    number: int
    file: str
    what: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, source: str) -> str:
        """``source`` with the fault in it. Raises ValueError unless ``old`` occurs exactly once."""
        if (times := source.count(self.old)) != 1:
            raise ValueError(f"{self.file}: the text of the fault {self.what!r} occurs {times} times: {self.old!r}")
        return source.replace(self.old, self.new)


def load_faults() -> list[Fault]:
    """Every fault, in the order of the files' names."""
    entries = [
        entry
        for path in sorted(Path(__file__).parent.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    ]
    return [
        Fault(number=number, **(entry | {"tests": tuple(entry["tests"])})) for number, entry in enumerate(entries, 1)
    ]
