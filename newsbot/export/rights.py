"""Which rows ``--for=USE`` writes: all rows, except those whose use the site or the row itself reserves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from newsbot.archive.reader import ArchivedRow
from newsbot.rights.robots_txt import robots_for
from newsbot.rights.uses import meaning, strictest_meaning

NAMED = 5
"""The most reasons in the line about rows that were left out."""


@dataclass(slots=True, kw_only=True)
class UseFilter:
    """``sites``: site -> what its robots.txt declared when it was last read (``SiteFacts.rights``).

    ``left_out`` counts the rows whose use is reserved, by statement; ``undeclared`` counts the rows without a
    declaration.
    """

    use: str
    sites: Mapping[str, Mapping[str, Any]]
    kept: int = 0
    undeclared: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def keep(self, row: ArchivedRow) -> bool:
        """Whether the row may be written."""
        fields = orjson.loads(row.text)
        site = str(fields.get("site"))
        by_site = robots_for(self.sites.get(site, {}), fields.get("url"))
        is_file = row.kind == "media"
        own = meaning(fields.get("rights") or {}, self.use, is_file=is_file)
        found = strictest_meaning(own, meaning(by_site, self.use, is_file=is_file))
        if found.allowed is False:
            self.left_out[f"{found.by} of {site}"] += 1
            return False
        self.kept += 1
        self.undeclared += found.allowed is None
        return True

    def notes(self) -> Iterator[str]:
        """Lines for the user: how many rows were left out and why, and how many rows have no declaration."""
        if self.left_out:
            named = "; ".join(f"{count} by {by}" for by, count in self.left_out.most_common(NAMED))
            more = f"; {len(self.left_out) - NAMED} more reasons" if len(self.left_out) > NAMED else ""
            total = sum(self.left_out.values())
            yield f"--for={self.use} left out {total} of {total + self.kept} rows: {named}{more}"
        if self.undeclared:
            yield f"{self.undeclared} of {self.kept} rows declare nothing on the use for {self.use}"
