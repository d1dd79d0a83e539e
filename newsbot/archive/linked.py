"""Authors, terms and media that the joins fetched. They are stored, so that a known one is not requested again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, upsert
from newsbot.archive.payloads import stored_json
from newsbot.archive.schema import linked
from newsbot.safe_json import json_bytes
from newsbot.timestamps import iso_utc
from newsbot.wordpress.questions import Recall

LINKED_DAYS = 30
"""An author, term or image is requested again after this number of days: nothing else shows that its name changed."""

BATCH = 500
"""Ids in one query."""


class Linked:
    """New objects stay in memory until the next commit writes them."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._unwritten: dict[tuple[str, str, int], bytes] = {}

    def recall(self, question: Recall) -> dict[int, dict[str, Any]]:
        """Id -> object, for each id that is known and was fetched in the last LINKED_DAYS days."""
        found = {}
        oldest = iso_utc(self._clock() - timedelta(days=LINKED_DAYS))
        known = sa.select(linked.c.id, linked.c.object).where(
            linked.c.site == question.site,
            linked.c.relation == question.relation,
            linked.c.id.in_(sa.bindparam("ids", expanding=True)),
            linked.c.seen >= oldest,
        )
        with self._database.reading() as connection:
            for start in range(0, len(question.ids), BATCH):
                batch = list(question.ids[start : start + BATCH])
                found.update({row.id: row.object for row in connection.execute(known, {"ids": batch})})
        for row_id in question.ids:
            if (unwritten := self._unwritten.get((question.site, question.relation, row_id))) is not None:
                found[row_id] = unwritten
        objects = {row_id: stored_json(data) for row_id, data in found.items()}
        return {row_id: linked_object for row_id, linked_object in objects.items() if linked_object}

    def remember(self, site: str, relation: str, objects: Mapping[int, Mapping[str, Any]]) -> None:
        for row_id, linked_object in objects.items():
            self._unwritten[site, relation, row_id] = json_bytes(dict(linked_object))[0]

    def write(self, connection: Connection) -> None:
        """Write the new objects. Call ``written`` once the transaction is committed."""
        if not self._unwritten:
            return
        now = iso_utc(self._clock())
        values = [
            {"site": site, "relation": relation, "id": row_id, "object": data, "seen": now}
            # The objects are sorted: two runs over two kinds of a site may write the same objects, and must not
            # deadlock.
            for (site, relation, row_id), data in sorted(self._unwritten.items())
        ]
        keys = ("site", "relation", "id")
        connection.execute(upsert(connection, linked, keys=keys, replaced=("object", "seen")), values)

    def written(self) -> None:
        self._unwritten = {}


def linked_terms(database: Database) -> Iterator[tuple[str, dict[str, Any]]]:
    """The site of each stored term, and the term."""
    # Most linked objects are images, which the query leaves out.
    every = sa.select(linked.c.site, linked.c.object).where(linked.c.relation.not_like("%/media"))
    with database.streaming() as connection:
        for row in connection.execute(every):
            found = stored_json(row.object)
            if isinstance(found, dict) and "taxonomy" in found:
                yield row.site, found
