"""Compares a received row with the archived row, and decides what the archive does with the received one. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from newsbot.archive.guids import guid_key
from newsbot.items import Change, Record

_HASH_BYTES = 8
"""Length of the hash of each part."""


def _author(record: Any) -> object:
    # Authors are compared by id: an author with a new name, or whose name could not be fetched, is the same author.
    author = record.author
    return None if author is None else author.id if author.id is not None else author.name


def _terms(record: Any) -> object:
    terms = sorted((term.taxonomy, term.id) for term in record.terms)
    return terms or (sorted(record.categories), sorted(record.tags))


def _image(record: Any) -> object:
    image = record.image
    return None if image is None else image.id if image.id is not None else image.url


def _field(name: str) -> Callable[[Any], object]:
    def read(record: Any) -> object:
        value = getattr(record, name)
        return value.strip() if isinstance(value, str) else value

    return read


PARTS: dict[str, dict[str, Callable[[Any], object]]] = {
    "posts": {
        "title": _field("title"),
        "text": _field("content_text"),
        "author": _author,
        "terms": _terms,
        "image": _image,
    },
    "comments": {"text": _field("content_text"), "author": _author, "status": _field("status")},
    "media": {name: _field(name) for name in ("title", "alt", "caption", "description", "file_url")},
    "terms": {name: _field(name) for name in ("name", "slug", "description", "parent")},
    "users": {name: _field(name) for name in ("name", "slug", "description", "website")},
}
"""Kind -> part -> the function that reads the part.

A row is edited when one of these parts differs. A difference in any other column is not an edit.
"""


def fingerprint(record: Record) -> bytes:
    """The hashes of all parts in PARTS, one after the other."""
    return b"".join(_hash(read(record)) for read in PARTS[record.collection].values())


def _hash(value: object) -> bytes:
    text = value if isinstance(value, str) else repr(value)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()


def text_hash(kind: str, fingerprint: bytes) -> bytes | None:
    """The hash of the clean text, cut out of a fingerprint; None for a kind without a text."""
    parts = list(PARTS[kind])
    if "text" not in parts:
        return None
    start = parts.index("text") * _HASH_BYTES
    return fingerprint[start : start + _HASH_BYTES]


def changed_parts(kind: str, before: bytes, after: bytes) -> list[str]:
    """The names of the parts that differ; all names if an older version of newsbot wrote one of the fingerprints."""
    parts = list(PARTS[kind])
    if len(before) != len(after):
        return parts
    spans = (slice(i * _HASH_BYTES, (i + 1) * _HASH_BYTES) for i in range(len(parts)))
    return [name for name, span in zip(parts, spans, strict=True) if before[span] != after[span]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRow:
    """The archive's newest state of a row; the field names are the columns of the table ``rows``.

    ``content`` is the number of the revision whose payload is current. ``guid_duplicate``: the row is a copy of another
    site's row, with the same guid and the same text.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a received row is to the archive. ``stale``: it is older than the archived row and must not replace it."""

    change: Change
    revision: int
    changed: tuple[str, ...] = ()
    stale: bool = False


_IN_EVERY_SOURCE = {"title", "text"}
"""The parts that the API, feeds and pages all give in full."""


def judge(current: CurrentRow | None, record: Record, digest: bytes) -> Judgement:
    """Compare a received row with the archived one. ``digest`` is the fingerprint of ``record``."""
    if current is None:
        return Judgement(change="new", revision=1)
    if current.deleted_at is not None:
        return Judgement(change="edited", revision=current.revision + 1, changed=("restored",))
    modified = getattr(record, "modified", None)
    if modified is not None and current.modified is not None and modified < current.modified:
        # A cache of the site answered with an older copy.
        return Judgement(change="unchanged", revision=current.revision, stale=True)
    changed = changed_parts(record.collection, current.fingerprint, digest)
    if record.via != "rest" and not _IN_EVERY_SOURCE & set(changed):
        # A feed or a page gives only the names of terms, authors and images. The archived row holds more.
        return Judgement(change="unchanged", revision=current.revision, stale=True)
    if not changed:
        return Judgement(change="unchanged", revision=current.revision)
    return Judgement(change="edited", revision=current.revision + 1, changed=tuple(changed))


def row_after(
    current: CurrentRow | None, record: Record, judgement: Judgement, *, digest: bytes, now: str
) -> CurrentRow:
    """The archive's row once ``record`` is taken in."""
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
    )
