"""Authors, terms and media that the joins brought: kept, so that a known one is not asked for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, upsert
from newsbot.archive.schema import linked
from newsbot.safe_json import json_bytes
from newsbot.timestamps import iso_utc
from newsbot.wordpress.messages import Recall

LINKED_DAYS = 30
"""An author, term or image older than this is asked for again: nothing else tells that one was renamed."""

BATCH = 500


class Linked:
    """What was learnt waits in memory and is written with the next page."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._learnt: dict[tuple[str, str, int], bytes] = {}

    def recall(self, asked: Recall) -> dict[int, dict[str, Any]]:
        """The linked objects that are known, and not too old to be trusted."""
        found = {}
        oldest = iso_utc(self._clock() - timedelta(days=LINKED_DAYS))
        wanted = sa.select(linked.c.id, linked.c.object).where(
            linked.c.site == asked.site,
            linked.c.relation == asked.relation,
            linked.c.id.in_(sa.bindparam("ids", expanding=True)),
            linked.c.seen >= oldest,
        )
        with self._database.reading() as connection:
            for start in range(0, len(asked.ids), BATCH):
                batch = list(asked.ids[start : start + BATCH])
                found.update({row.id: row.object for row in connection.execute(wanted, {"ids": batch})})
        for row_id in asked.ids:
            if (fresh := self._learnt.get((asked.site, asked.relation, row_id))) is not None:
                found[row_id] = fresh
        return {row_id: orjson.loads(kept) for row_id, kept in found.items()}

    def remember(self, site: str, relation: str, objects: Mapping[int, Mapping[str, Any]]) -> None:
        for row_id, one in objects.items():
            self._learnt[site, relation, row_id] = json_bytes(dict(one))[0]

    def write(self, connection: Connection) -> None:
        """Write what was learnt; ``written`` forgets it once the transaction holds."""
        if not self._learnt:
            return
        now = iso_utc(self._clock())
        values = [
            {"site": site, "relation": relation, "id": row_id, "object": kept, "seen": now}
            for (site, relation, row_id), kept in self._learnt.items()
        ]
        keys = ("site", "relation", "id")
        connection.execute(upsert(connection, linked, keys=keys, replaced=("object", "seen")), values)

    def written(self) -> None:
        self._learnt = {}
