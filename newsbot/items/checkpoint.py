"""The message that follows a batch of rows, and stores how far the listing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """Follows a batch of rows. ``sequence`` counts all rows of this collection that the spider has sent so far.

    A collection is one type of one kind of a site: a post type and a taxonomy may share a name. A pipeline that commits
    may store ``cursor`` only if it received exactly ``sequence`` rows of this collection. This number includes rows
    that another pipeline dropped and counted. Any other number means that rows are missing. ``done``: the collection is
    finished. ``of_part``: the crawl is limited to a part of the collection, and the run may crawl another part.
    """

    site: str
    type: str
    sequence: int
    cursor: Mapping[str, Any] | None = None
    done: bool = False
    kind: str = "posts"
    of_part: bool = False
