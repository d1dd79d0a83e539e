"""Rows that share a guid with a row of another site."""

from __future__ import annotations

from contextlib import suppress

from newsbot.archive import current_rows
from newsbot.archive.database import Database
from newsbot.archive.payloads import BrokenPayload, RowState, unpack
from newsbot.items import Record


def originals_with_guid(database: Database, key: int, *, other_than: str, kind: str) -> list[Record]:
    """The committed rows with the guid of this key that are not copies themselves, the oldest first.

    The rows are of one ``kind`` and of every site except ``other_than``. A row whose content is damaged is left out.
    """
    with database.reading() as connection:
        found = current_rows.payloads_with_guid(connection, key=key, other_than=other_than, kind=kind)
    originals = []
    for site, payload, seen in found:
        with suppress(BrokenPayload):
            state = RowState(1, "new", seen, seen)
            originals.append(unpack(payload, state, kind=kind, site=site))
    return originals
