"""The message that follows a batch of rows, and says how far the listing has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """Follows a batch of rows. ``sequence`` counts all rows of this collection that the spider has sent so far.

    A collection is one type of one kind of a site: a post type and a taxonomy may share a name. A pipeline that commits
    may store ``cursor`` only if it received exactly ``sequence`` rows of this collection. Rows that another pipeline
    dropped and counted are among them. Any other number means that rows are missing. ``done``: the collection is
    finished. ``of_part``: only a part of the collection was asked for, and the run may ask for another part.
    """

    site: str
    type: str
    sequence: int
    cursor: Mapping[str, Any] | None = None
    done: bool = False
    kind: str = "posts"
    of_part: bool = False
