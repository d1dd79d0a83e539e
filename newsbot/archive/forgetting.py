"""Removes rows from the archive for good: with every revision, and with the entries of the outbox.

A row that the site still shows would come back with the next crawl. So the id of a person's row stays, without content
(``compare.FORGOTTEN``): the row counts as held, and its content is dropped when the site sends it again. The rows of a
site are removed altogether, and so are all comments. The ids of a forgotten person's comments stay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.archive import Archive
from newsbot.archive.compare import FORGOTTEN
from newsbot.archive.database import Database
from newsbot.archive.payloads import BrokenPayload, RowState, bare_record, columns_in, compressed, fields_of, json_of
from newsbot.archive.reader import is_same_site
from newsbot.archive.schema import addresses, collections, followed, linked, outbox, receipts, revisions, rows, sites
from newsbot.errors import ArchiveError
from newsbot.items import Record
from newsbot.wordpress.options import KINDS

BATCH = 500
"""Ids in one statement."""

_SIGNS = (
    dict.fromkeys((0x2018, 0x2019, 0x201A, 0x02BC), "'")
    | dict.fromkeys((0x201C, 0x201D, 0x201E, 0xAB, 0xBB), '"')
    | dict.fromkeys((0x2013, 0x2014), "-")
)

Reply = dict[str, Any]
"""A comment that ``follow=replies`` brought within its post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """Rows of one collection. ``ids`` is None for the whole collection. ``live`` is the number of rows that feeds got
    and that are not deleted."""

    collection: int
    site: str
    type: str
    kind: str
    ids: frozenset[int] | None = None
    live: int = 0


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to be removed. ``sites``: whole sites. ``replies``: whether a comment within a post is removed; None: no
    post is changed. ``posts`` are the collections whose posts may have such comments."""

    doomed: list[Doomed] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    replies: Callable[[Reply], bool] | None = None
    posts: list[Doomed] = field(default_factory=list)

    @property
    def live(self) -> int:
        return sum(part.live for part in self.doomed)

    @property
    def keys(self) -> set[str]:
        """The keys of all sites of which something may be removed."""
        return {part.site for part in (*self.doomed, *self.posts)} | set(self.sites)


def plan_site(database: Database, given: Sequence[str]) -> Plan:
    """Everything of the sites that the user names by their keys or by a URL that was crawled."""
    known = known_sites(database)
    chosen = sorted(
        {site for site, url in known if any(is_same_site(site, address) or url == address for address in given)}
    )
    plan = Plan(sites=chosen)
    plan.doomed = [_counted(database, part) for part in _collections(database, KINDS) if part.site in chosen]
    return plan


def plan_comments(database: Database, *, site: str | None) -> Plan:
    """All comments, those within posts too."""
    doomed = [_counted(database, part) for part in _of(site, _collections(database, ("comments",)))]
    return Plan(doomed=doomed, replies=lambda _: True, posts=_of(site, _collections(database, ("posts",))))


def plan_person(database: Database, name: str, *, site: str | None) -> Plan:
    """The comments of a person and the person's account as an author. Any revision that shows the name counts."""
    wanted = folded(name)
    doomed = []
    for part in _of(site, _collections(database, ("comments", "users"))):
        ids = frozenset(row_id for row_id, fields in _stored(database, part) if wanted in _names(fields, part.kind))
        if ids:
            doomed.append(_counted(database, part, ids))
    return Plan(
        doomed=doomed,
        replies=lambda reply: folded(str(reply.get("author") or "")) == wanted,
        posts=_of(site, _collections(database, ("posts",))),
    )


def names_of_people(database: Database, *, site: str | None) -> Iterator[tuple[str, str]]:
    """The names among accounts, comments, and comments within posts: as they are compared, and as they are written."""
    for part in _of(site, _collections(database, ("comments", "users", "posts"))):
        for _, fields in _stored(database, part):
            for name in _reply_names(fields) if part.kind == "posts" else _written_names(fields, part.kind):
                yield folded(name), name


def folded(name: str) -> str:
    """The form in which a name is compared. A terminal and a site may encode the same letter in different ways.
    WordPress may replace an apostrophe by a quotation mark, other quotation marks by those of the language, and a
    hyphen by a dash."""
    return " ".join(unicodedata.normalize("NFKC", name).translate(_SIGNS).split()).casefold()


def _names(fields: dict[str, Any], kind: str) -> set[str]:
    return {folded(name) for name in _written_names(fields, kind)}


def _written_names(fields: dict[str, Any], kind: str) -> list[str]:
    author = fields.get("author") or {}
    found = (author.get("name"),) if kind == "comments" else (fields.get("name"), fields.get("slug"))
    return [name for name in found if isinstance(name, str)]


def _reply_names(fields: dict[str, Any]) -> list[str]:
    replies = (fields.get("linked") or {}).get("replies")
    found = [reply.get("author") for reply in replies if isinstance(reply, dict)] if isinstance(replies, list) else []
    return [name for name in found if isinstance(name, str)]


def known_sites(database: Database) -> list[tuple[str, str]]:
    """Each site with each URL by which it was reached; "" where there is none."""
    with database.reading() as connection:
        found = [(row.site, row.url) for row in connection.execute(sa.select(addresses.c.site, addresses.c.url))]
        for table in (sites, collections):
            found += [(site, "") for site in connection.execute(sa.select(table.c.site).distinct()).scalars()]
    return found


def holds(database: Database, *, site: str | None) -> bool:
    """Whether the archive has a collection of a site; of any site if ``site`` is None."""
    return bool(_of(site, _collections(database, KINDS)))


def _collections(database: Database, kinds: Iterable[str]) -> list[Doomed]:
    every = sa.select(collections).where(collections.c.kind.in_(list(kinds))).order_by(collections.c.collection)
    with database.reading() as connection:
        return [
            Doomed(collection=row.collection, site=row.site, type=row.type, kind=row.kind)
            for row in connection.execute(every)
        ]


def _of(site: str | None, listed: Iterable[Doomed]) -> list[Doomed]:
    return [part for part in listed if site is None or is_same_site(part.site, site)]


def _counted(database: Database, part: Doomed, ids: frozenset[int] | None = None) -> Doomed:
    chosen = Doomed(collection=part.collection, site=part.site, type=part.type, kind=part.kind, ids=ids)
    live = sum(1 for _ in _live(database, chosen))
    return Doomed(collection=part.collection, site=part.site, type=part.type, kind=part.kind, ids=ids, live=live)


def _live(database: Database, part: Doomed) -> Iterator[Any]:
    """The rows that are not deleted and not forgotten."""
    found = sa.select(rows.c.id, rows.c.revision, rows.c.first_seen, rows.c.last_seen).where(
        rows.c.collection == part.collection, rows.c.deleted_at.is_(None), rows.c.content != FORGOTTEN
    )
    with database.streaming() as connection:
        for row in connection.execute(found.order_by(rows.c.id)):
            if part.ids is None or row.id in part.ids:
                yield row


def _stored(database: Database, part: Doomed) -> Iterator[tuple[int, dict[str, Any]]]:
    """The id and the columns of every revision of a collection whose content can be read."""
    found = sa.select(revisions.c.id, revisions.c.payload).where(
        revisions.c.collection == part.collection, revisions.c.payload.is_not(None)
    )
    with database.streaming() as connection:
        for row in connection.execute(found):
            try:
                yield row.id, fields_of(row.payload)
            except BrokenPayload:
                continue


def tombstones(database: Database, plan: Plan, *, when: str) -> Iterator[Record]:
    """For the feeds: each row that a feed got, as deleted and without content."""
    for part in plan.doomed:
        for row in _live(database, part):
            state = RowState(row.revision + 1, "deleted", row.first_seen, row.last_seen, deleted_at=when)
            yield bare_record(part.site, part.type, row.id, state, kind=part.kind)


def carry_out(archive: Archive, plan: Plan) -> int:
    """Remove everything in one transaction. Returns the number of revisions of posts that lost comments.

    Called within ``undisturbed``, with the plan that it gives.
    """
    changed = list(_without_replies(archive.database, plan))
    with archive.database.writing(durable=True) as connection:
        if archive.database.sqlite:
            # SQLite then overwrites deleted text, so that no deleted text stays in the file.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        for part in plan.doomed:
            if part.ids is None:
                _forget_all(connection, part, keep_numbers=part.site not in plan.sites)
            else:
                _forget(connection, part, sorted(part.ids))
        for revision_id, payload in changed:
            of_revision = revisions.c.revision_id == revision_id
            connection.execute(sa.update(revisions).where(of_revision).values(payload=payload))
        for site in plan.sites:
            _forget_site(connection, site)
    if archive.database.sqlite:
        with archive.database.reading() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    return len(changed)


@contextmanager
def undisturbed(archive: Archive, make: Callable[[], Plan]) -> Iterator[Plan]:
    """Take the leases of the sites of a plan, so that no other run crawls them, and give a new plan: runs may have
    stored rows since the first plan. Raises ArchiveError if another run crawls one of the sites."""
    plan, kept = make(), set[str]()
    try:
        while more := plan.keys - kept:
            if (holder := archive.leases.take_all(sorted(more), KINDS)) is not None:
                raise ArchiveError(f"the run {holder} crawls one of these sites now; try again when it has ended")
            kept |= more
            plan = make()
        yield plan
    finally:
        archive.leases.release_all()


_NEW_WALK = dict.fromkeys(("cursor", "watermark", "swept", "witness")) | {"sequence": 0, "hidden": 0, "whole": False}
"""The values of a collection before its first walk."""


def _forget_all(connection: Connection, part: Doomed, *, keep_numbers: bool) -> None:
    """Forget a whole collection. ``keep_numbers``: rows whose content was forgotten before stay, so that the next walk
    does not store a forgotten person again."""
    for table in (outbox, revisions):
        connection.execute(sa.delete(table).where(table.c.collection == part.collection))
    of_rows = rows.c.collection == part.collection
    connection.execute(sa.delete(rows).where(of_rows, rows.c.content != FORGOTTEN if keep_numbers else sa.true()))
    of_collection = collections.c.collection == part.collection
    if connection.execute(sa.select(rows.c.id).where(of_rows).limit(1)).first() is None:
        connection.execute(sa.delete(collections).where(of_collection))
    else:
        connection.execute(sa.update(collections).where(of_collection).values(_NEW_WALK))


def _forget(connection: Connection, part: Doomed, ids: Sequence[int]) -> None:
    """Forget the rows of a person. The ids of the rows stay."""
    empty = {"content": FORGOTTEN, "fingerprint": b"", "guid": None, "guid_duplicate": False}
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        for table in (outbox, revisions):
            connection.execute(sa.delete(table).where(table.c.collection == part.collection, table.c.id.in_(batch)))
        of_rows = (rows.c.collection == part.collection, rows.c.id.in_(batch))
        connection.execute(sa.update(rows).where(*of_rows).values(empty))


def _forget_site(connection: Connection, site: str) -> None:
    """Delete the facts of a site besides its rows. The pace of its host stays, since the host requested it."""
    urls = sa.select(addresses.c.url).where(addresses.c.site == site)
    connection.execute(sa.delete(followed).where(sa.or_(followed.c.site == site, followed.c.url.in_(urls))))
    for table in (linked, receipts, addresses, sites):
        connection.execute(sa.delete(table).where(table.c.site == site))


def _without_replies(database: Database, plan: Plan) -> Iterator[tuple[int, bytes]]:
    """The id of each revision of a post that holds a comment to remove, with its new payload."""
    if plan.replies is None:
        return
    for part in plan.posts:
        found = sa.select(revisions.c.revision_id, revisions.c.payload).where(
            revisions.c.collection == part.collection, revisions.c.payload.is_not(None)
        )
        with database.streaming() as connection:
            for row in connection.execute(found):
                if (text := _stripped(row.payload, plan.replies)) is not None:
                    yield row.revision_id, compressed(text)


def _stripped(payload: bytes, is_removed: Callable[[Reply], bool]) -> bytes | None:
    """The JSON of a post without the comments that are removed; None where the post has none of them."""
    try:
        text = json_of(payload)
        if b'"replies"' not in text:
            return None
        fields = columns_in(text)
    except BrokenPayload:
        return None
    replies = (fields.get("linked") or {}).get("replies")
    if not isinstance(replies, list):
        return None
    kept = [reply for reply in replies if not (isinstance(reply, dict) and is_removed(reply))]
    if len(kept) == len(replies):
        return None
    fields["linked"]["replies"] = kept
    return orjson.dumps(fields)
