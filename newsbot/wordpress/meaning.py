"""The meaning of the address that a user gave, in the form that the archive stores for later runs. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

MeaningKind = Literal["site", "term", "author", "article", "search", "date", "missing", "unknown"]


PARTS: frozenset[MeaningKind] = frozenset({"term", "author", "article", "search"})
"""Meanings of an address that names a part of a site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """``base`` is the base of the object in the API (``categories``), ``id`` its id there, ``text`` its slug, or the
    words of a search, or the reason why the address leads to nothing."""

    kind: MeaningKind
    base: str | None = None
    id: int | None = None
    text: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields as plain values, which ``Meaning(**fields)`` accepts."""
        return asdict(self)
