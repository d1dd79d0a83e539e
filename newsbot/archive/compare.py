"""Edits told from noise: what counts as a change of a row, and what is to be done with a row that came. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from newsbot.items import Change, Record

_SIZE = 8
"""Bytes of the hash of each part."""


def _post_author(record: Any) -> object:
    # By id: an author who was renamed, or could not be resolved this time, has not changed.
    author = record.author
    return None if author is None else author.id if author.id is not None else author.name


def _post_terms(record: Any) -> object:
    terms = sorted((term.taxonomy, term.id) for term in record.terms)
    return terms or (sorted(record.categories), sorted(record.tags))


def _post_image(record: Any) -> object:
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
        "author": _post_author,
        "terms": _post_terms,
        "image": _post_image,
    },
    "comments": {"text": _field("content_text"), "author": _post_author, "status": _field("status")},
    "media": {name: _field(name) for name in ("title", "alt", "caption", "description", "file_url")},
    "terms": {name: _field(name) for name in ("name", "slug", "description", "parent")},
    "users": {name: _field(name) for name in ("name", "slug", "description", "website")},
}
"""Kind -> part -> how to read it. A row is edited when one of these differs; all else is churn."""


def fingerprint(record: Record) -> bytes:
    """A hash of each comparable part, one after the other."""
    return b"".join(_hash(read(record)) for read in PARTS[record.collection].values())


def _hash(value: object) -> bytes:
    text = value if isinstance(value, str) else repr(value)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


def text_hash(kind: str, print_: bytes) -> bytes | None:
    """The clean text's own hash out of a fingerprint; None for a kind without a text."""
    parts = list(PARTS[kind])
    if "text" not in parts:
        return None
    start = parts.index("text") * _SIZE
    return print_[start : start + _SIZE]


def changed_parts(kind: str, before: bytes, after: bytes) -> list[str]:
    """The names of the parts that differ. A fingerprint of other parts than today's differs in all of them."""
    parts = list(PARTS[kind])
    if len(before) != len(after):
        return parts
    spans = (slice(i * _SIZE, (i + 1) * _SIZE) for i in range(len(parts)))
    return [name for name, span in zip(parts, spans, strict=True) if before[span] != after[span]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The current row, as far as a decision needs it. ``content`` is the revision whose payload is current."""

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
    twin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``stale``: what came is older than what is held, and must not replace it."""

    change: Change
    revision: int
    changed: tuple[str, ...] = ()
    stale: bool = False


_SHOWN = {"title", "text"}
"""The parts that every way of bringing a post tells alike."""


def judge(known: Known | None, record: Record, print_: bytes) -> Judgement:
    """What a row that came is to the archive."""
    if known is None:
        return Judgement(change="new", revision=1)
    if known.twin:
        # It was another site's copy, and is no longer: for our feeds it is new.
        return Judgement(change="new", revision=known.revision + 1)
    if known.deleted_at is not None:
        return Judgement(change="edited", revision=known.revision + 1, changed=("restored",))
    modified = getattr(record, "modified", None)
    if modified is not None and known.modified is not None and modified < known.modified:
        # A cache answered with an older copy.
        return Judgement(change="unchanged", revision=known.revision, stale=True)
    changed = changed_parts(record.collection, known.fingerprint, print_)
    if record.via != "rest" and not _SHOWN & set(changed):
        # A feed or a page tells terms, authors and images by name at best: less than what is held, and no edit.
        return Judgement(change="unchanged", revision=known.revision, stale=True)
    if not changed:
        return Judgement(change="unchanged", revision=known.revision)
    return Judgement(change="edited", revision=known.revision + 1, changed=tuple(changed))
