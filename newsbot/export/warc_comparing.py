"""Compares one row with the row that its record gives. Columns are compared byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from newsbot.errors import RecordError
from newsbot.export.delivered import kind_of
from newsbot.export.warc_answers import VIEWS, Place, View, reply_of
from newsbot.export.warc_rows import NotMade, Remaker
from newsbot.items import Record
from newsbot.safe_json import json_bytes
from newsbot.warc.exchange import open_url
from newsbot.warc.reading import DamagedRecord
from newsbot.wordpress.messages import Reply

OF_THE_ARCHIVE = frozenset(
    {
        *("revision", "change", "first_seen", "last_seen", "deleted_at"),
        *("guid_collision", "duplicate_of", "warc"),
    }
)
"""Columns that tell the history of a row in the archive. No answer of a site holds them."""

Row = Mapping[str, Any]

Made = dict[tuple[View, str, str], tuple[dict[int, Record], bool]]
"""View, kind and type of rows -> the rows that one answer gives, by their ids, and whether the records lack an object
to which they link."""


def differing_columns(remaker: Remaker, known: Place, row: Row, made: Made) -> tuple[list[str], bool]:
    """The columns that differ, for the answers with the fewest differences, and whether these answers lack an object to
    which the row may link. Raises NotMade and DamagedRecord."""
    reply, found = reply_of(known.path, known.offset), list[tuple[list[str], bool]]()
    failed: NotMade | DamagedRecord | RecordError | None = None
    for view in VIEWS:
        remaker.prefer(known.order, view)
        try:
            differing = _differing_now(remaker, reply, row, made)
        except (NotMade, DamagedRecord, RecordError) as fault:
            failed = failed or fault
        else:
            if not differing:
                return [], False
            found.append((differing, remaker.lacks_linked))
        if not remaker.has_choice:
            break
    if not found and failed is not None:
        raise failed
    return min(found, key=lambda version: len(version[0]))


def _differing_now(remaker: Remaker, reply: Reply, row: Row, made: Made) -> list[str]:
    merged = remaker.is_merged(reply)
    differing = _differences(row, _make(remaker, reply, row, made), merged=merged)
    if "language" in differing:
        # A short text gets the language of the posts before it, and some of these posts are not made again.
        remaker.usual_language(row["language"])
        differing = _differences(row, _make(remaker, reply, row, made, alone=True), merged=merged)
    return differing


def _make(remaker: Remaker, reply: Reply, row: Row, made: Made, *, alone: bool = False) -> Record:
    """The row that its answer gives. ``made`` holds the rows that the same answer gave before. Raises NotMade.

    ``alone``: make the row again, without the rows before it.
    """
    kind = kind_of(row)
    if kind is None:
        raise NotMade("its columns are not those of a row of newsbot")
    if row["via"] == "feed":
        return remaker.clean(remaker.from_feed(reply, row))
    if reply.body.lstrip()[:1] not in (b"[", b"{"):
        return remaker.clean(remaker.from_page(reply, row))
    key = (remaker.answers.view, kind, str(row["type"]))
    if alone:
        return remaker.clean(next(made for made in remaker.rows(reply, *key[1:]) if made.id == row["id"]))
    if key not in made:
        rows = {made.id: remaker.clean(made) for made in remaker.rows(reply, *key[1:])}
        made[key] = rows, remaker.lacks_linked
    rows, remaker.lacks_linked = made[key]
    if not isinstance(row["id"], int) or row["id"] not in rows:
        raise NotMade("its record does not contain the row")
    return rows[row["id"]]


def _differences(row: Row, made: Record, *, merged: bool) -> list[str]:
    """The columns whose values differ, byte for byte. ``merged``: the answer is one of several of a listing."""
    again: Row = orjson.loads(json_bytes(made)[0])
    if isinstance(row["request_url"], str):
        row = {**row, "request_url": open_url(row["request_url"])}  # no record holds a password
    left = OF_THE_ARCHIVE | ({"request_url", "fetched_at"} if merged else set())
    return [name for name in row if name not in left and orjson.dumps(row[name]) != orjson.dumps(again[name])]
