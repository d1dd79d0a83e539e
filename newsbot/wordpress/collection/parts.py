"""A part of a collection, in the order of publication, whose ids fit into one URL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsbot.timestamps import iso_utc
from newsbot.wordpress.collection.site_ids import window

EARLIEST, LATEST = datetime.fromisoformat("1001-01-01T00:00:00+00:00"), datetime.fromisoformat("2200-01-01T00:00:00Z")
"""The bounds of the first part and the last one."""

EVERYTHING = window(EARLIEST, LATEST)
"""The parameters of a query for all parts."""


@dataclass(slots=True, kw_only=True)
class Part:
    """A part of the collection: the rows published in [``since``, ``until``), where None means no bound. ``ids`` are
    its known rows, and the known rows near it, which belong to the part if the site has another time zone. ``shown``
    are rows of the part, the ``control`` among them, whose dates are compared.
    """

    since: str | None
    until: str | None
    ids: set[int]
    control: int
    shown: set[int]

    @property
    def window(self) -> dict[str, str]:
        """The parameters of a query for the part."""
        since = EARLIEST if self.since is None else datetime.fromisoformat(self.since)
        bounds = window(since, LATEST if self.until is None else datetime.fromisoformat(self.until))
        # WordPress lists a row without a date before all other rows.
        unbounded = {name for name, bound in (("after", self.since), ("before", self.until)) if bound is None}
        return {name: value for name, value in bounds.items() if name not in unbounded}


def shifted(moment: str | None, by: timedelta) -> str | None:
    return None if moment is None else iso_utc(datetime.fromisoformat(moment) + by)
