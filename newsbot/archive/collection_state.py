"""What the archive knows of a collection before a walk: its cursor, its watermark, and the sums of its live rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from newsbot.archive.batch import KEPT
from newsbot.archive.batches import where_key
from newsbot.archive.payloads import stored_json
from newsbot.archive.schema import collections, rows
from newsbot.wordpress.questions import CollectionState

_LIVE = (
    sa.select(sa.func.count().label("live"), sa.func.max(rows.c.modified).label("modified"))
    .where(rows.c.collection == where_key(sa.select(collections.c.collection)).scalar_subquery())
    .where(rows.c.deleted_at.is_(None))
    .subquery()
)
STATE = where_key(sa.select(collections, _LIVE.c.live, _LIVE.c.modified).join(_LIVE, sa.true()))
"""A collection with the sums of its live rows, in one statement: each check of an unchanged site asks for it."""


def collection_state(found: sa.Row[Any], *, asked_at: str) -> CollectionState:
    """The result of ``STATE``. ``asked_at``: the time of the question."""
    cursor, witness = stored_json(found.cursor), stored_json(found.witness)
    return CollectionState(
        cursor=cursor if cursor.keys() - set(KEPT) else None,
        sequence=found.sequence,
        whole=found.whole,
        watermark=found.watermark,
        live=found.live,
        modified=found.modified,
        asked_at=asked_at,
        hidden=found.hidden,
        swept=found.swept,
        owed=tuple(cursor.get("owed", ())),
        unlisted=frozenset(cursor.get("unlisted", ())),
        shifted=bool(cursor.get("shifted")),
        rotation=cursor.get("rotation", {}),
        beside=frozenset(witness.get("beside", ())),
        witness=witness,
    )
