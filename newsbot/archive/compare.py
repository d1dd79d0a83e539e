"""Compares a received row with the archived row, and decides what the archive does with the received one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newsbot.archive.link_key import link_key
from newsbot.archive.parts import changed_parts, unfetched_parts
from newsbot.items import Change, Record
from newsbot.wordpress.guids import guid_key

FORGOTTEN = 0
"""``content`` of a row that ``scrapy forget`` emptied: the site still counts and lists the row, and no run brings it
again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRow:
    """The archive's newest state of a row; the field names are the columns of the table ``rows``.

    ``content`` is the number of the revision whose payload is current, or FORGOTTEN. ``guid_duplicate``: the row is a
    copy of another site's row, with the same guid and the same text. ``link`` is the key of the row's URL
    (``links.link_key``).
    """

    id: int
    revision: int
    content: int
    fingerprint: bytes
    first_seen: str
    last_seen: str
    modified: str | None = None
    published: str | None = None
    guid: int | None = None
    deleted_at: str | None = None
    collision: bool = False
    guid_duplicate: bool = False
    link: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a received row differs from the archived row.

    ``stale``: the received row is older than the archived row, or knows less, and must not replace it. ``touched``: the
    site reports the row as modified, but no part of PARTS differs.
    """

    change: Change
    revision: int
    changed: tuple[str, ...] = ()
    stale: bool = False
    touched: bool = False


_IN_EVERY_SOURCE = {"title", "text"}
"""The parts that the API, feeds and pages all give in full."""


def judge(current: CurrentRow | None, record: Record, digest: bytes) -> Comparison:
    """Compare a received row with the archived one. ``digest`` is the fingerprint of ``record``."""
    if current is None:
        return Comparison(change="new", revision=1)
    if current.deleted_at is not None:
        return Comparison(change="edited", revision=current.revision + 1, changed=("restored",))
    modified = getattr(record, "modified", None)
    if modified is not None and current.modified is not None and modified < current.modified:
        # A cache of the site answered with an older copy.
        return Comparison(change="unchanged", revision=current.revision, stale=True)
    changed = changed_parts(record.collection, current.fingerprint, digest)
    if record.via != "rest" and not _IN_EVERY_SOURCE & set(changed):
        # A feed or a page gives only the names of terms, authors and images. The archived row holds more.
        return Comparison(change="unchanged", revision=current.revision, stale=True)
    if not changed:
        touched = modified is not None and current.modified is not None and modified > current.modified
        return Comparison(change="unchanged", revision=current.revision, touched=touched)
    if unfetched_parts(record).issuperset(changed):
        # A name that could not be fetched this time is not an edit. The archived row may hold the name.
        return Comparison(change="unchanged", revision=current.revision, stale=True)
    return Comparison(change="edited", revision=current.revision + 1, changed=tuple(changed))


def row_after(
    current: CurrentRow | None, record: Record, judgement: Comparison, *, digest: bytes, now: str
) -> CurrentRow:
    """The archive's row after ``record`` is stored."""
    if judgement.stale and current is not None:
        return replace(current, last_seen=now)
    unchanged = judgement.change == "unchanged" and current is not None
    return CurrentRow(
        id=record.id,
        revision=judgement.revision,
        content=current.content if unchanged and current is not None else judgement.revision,
        fingerprint=digest,
        first_seen=current.first_seen if current else now,
        last_seen=now,
        modified=getattr(record, "modified", None),
        published=getattr(record, "published", None),
        guid=guid_key(getattr(record, "guid", None)),
        collision=getattr(record, "guid_collision", False) or (current is not None and current.collision),
        guid_duplicate=getattr(record, "duplicate_of", None) is not None,
        link=link_key(getattr(record, "url", None)),
    )
