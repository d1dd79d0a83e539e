"""The documents of docs/ and README.md, and how they are compared with the code.

A document lists what exists in tables. The first cell of a row holds the names in back-quotes; ``<name>`` in a name
stands for a value that only a run knows. A table is found by the text of its first header cell, and by the heading
above it where several tables of a document have the same header.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from tests.unit.code_texts import ROOT, normal

_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells as they stand, and where."""

    document: str
    line: int
    cells: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """What the first cell holds in back-quotes."""
        return spans(self.cells[0])

    @property
    def where(self) -> str:
        return f"{self.document}:{self.line}"


@dataclass(frozen=True, slots=True)
class Table:
    heading: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def spans(text: str) -> list[str]:
    """The texts in back-quotes, one back-quote or two."""
    return [found[2].strip() if len(found[1]) > 1 else found[2] for found in _SPAN.finditer(text)]


def as_span(text: str) -> str:
    """A text as the first cell of a row holds it."""
    quoted = f"`` {text} ``" if "`" in text else f"`{text}`"
    return quoted.replace("|", "\\|")


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip().strip("|")))


@dataclass(frozen=True)
class Documents:
    """The documents by name: ``settings.md``, and ``README.md`` of the repository."""

    texts: Mapping[str, str]

    def tables(self, document: str) -> Iterator[Table]:
        heading, header, rows = "", tuple[str, ...](), list[Row]()
        for number, line in enumerate([*self.texts[document].splitlines(), ""], 1):
            if line.startswith("|"):
                cells = _cells(line)
                if not header:
                    header = cells
                elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                    rows.append(Row(document, number, cells))
                continue
            if header:
                yield Table(heading, header, tuple(rows))
                header, rows = (), []
            if line.startswith("#"):
                heading = line.lstrip("#").strip()

    def rows(self, document: str, header: str, heading: str | None = None) -> list[Row]:
        """The rows of all tables with this first header cell, under this heading where one is given."""
        return [
            row
            for table in self.tables(document)
            if table.header[0] == header and heading in (None, table.heading)
            for row in table.rows
        ]


@cache
def documents() -> Documents:
    """What stands in the repository."""
    paths = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
    return Documents({path.name: path.read_text(encoding="utf-8") for path in paths})


@dataclass(frozen=True)
class Check:
    """A table that lists all that the code has of one kind. ``made`` gives each name -> where the code has it;
    ``allowed`` gives further names that the table may list.

    ``row`` is a row as it should be added, without its name. ``ordered``: the code's order is part of the contract.
    """

    document: str
    header: str
    made: Callable[[], Mapping[str, str]] = field(repr=False)
    row: str = "<meaning> |"
    heading: str | None = None
    ordered: bool = False
    allowed: Callable[[], Collection[str]] = field(default=dict[str, str], repr=False)

    @property
    def name(self) -> str:
        return f"{self.document}-{self.heading or self.header}".replace(" ", "_")

    def listed(self, docs: Documents) -> list[tuple[str, Row]]:
        rows = docs.rows(self.document, self.header, self.heading)
        return [(name, row) for row in rows for name in row.names]

    def compare(self, docs: Documents) -> Comparison:
        made = {normal(name): (name, where) for name, where in self.made().items()}
        listed: dict[str, tuple[str, Row]] = {}
        doubled = []
        for name, row in self.listed(docs):
            if normal(name) in listed:
                doubled.append((name, row))
            listed.setdefault(normal(name), (name, row))
        missing = {key: value for key, value in made.items() if key not in listed}
        extra = {key: value for key, value in listed.items() if key not in made and key not in self.allowed()}
        renamed = []
        for key, (old, row) in list(extra.items()):
            if near := difflib.get_close_matches(key, missing, n=1, cutoff=0.6):
                del extra[key]
                renamed.append((old, row, *missing.pop(near[0])))
        return Comparison(doubled, renamed, list(extra.values()), list(missing.values()), list(listed) == list(made))

    def differences(self, docs: Documents) -> list[str]:
        """The rows to add, remove or replace so that the table lists what the code has; empty if the table does so."""
        compared = self.compare(docs)
        table = f"{self.document}, table {self.header!r}" + (f", under {self.heading!r}" if self.heading else "")
        found = [f"{row.where}: take out {as_span(name)}: the table lists it twice" for name, row in compared.doubled]
        for old, row, new, where in compared.renamed:
            found.append(f"{row.where}: replace {as_span(old)} by {as_span(new)} ({where})")
        for name, row in compared.extra:
            found.append(f"{row.where}: take out {as_span(name)}: nothing in newsbot/ has it")
        for name, where in compared.missing:
            found.append(f"{table}: add the row  | {as_span(name)} | {self.row}  ({where})")
        if not found and self.ordered and not compared.in_order:
            found.append(f"{table}: bring into this order: {', '.join(self.made())}")
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a table differs from the code: names that it lists twice; (old name, row, new name, where the code has it)
    of names that changed; names that the code does not have; names that the table lacks, with where the code has them.
    """

    doubled: list[tuple[str, Row]]
    renamed: list[tuple[str, Row, str, str]]
    extra: list[tuple[str, Row]]
    missing: list[tuple[str, str]]
    in_order: bool


def commands_of(document: str, heading: str, beginning: str, **places: str) -> list[str]:
    """The commands of a section that begin with a text. ``places``: words of a command -> what to put there."""
    section = documents().texts[document].partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = [line.strip() for line in section.splitlines() if line.startswith(f"    {beginning}")]
    for words, place in places.items():
        found = [line.replace(words, place) for line in found]
    return found
