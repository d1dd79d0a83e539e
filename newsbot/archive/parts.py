"""What counts as an edit: the parts of a row whose change is delivered, and their hashes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from newsbot.items import Record

_HASH_BYTES = 8
"""Length of the hash of each part."""

Reader = Callable[[Any], object]


def _author(record: Any) -> object:
    author = record.author
    return None if author is None else author.id if author.id is not None else author.name


def _author_name(record: Any) -> object:
    author = record.author
    return None if author is None else (author.name, author.slug)


def _authors(record: Any) -> object:
    return [(author.id, author.name, author.slug) for author in record.authors]


def _terms(record: Any) -> object:
    terms = [(term.taxonomy, term.id if term.id is not None else term.name or "") for term in record.terms]
    terms.sort(key=lambda term: (term[0], isinstance(term[1], str), term[1]))
    return terms or (sorted(record.categories), sorted(record.tags))


def _term_names(record: Any) -> object:
    return sorted((term.taxonomy, term.name or "", term.slug or "") for term in record.terms)


def _image(record: Any) -> object:
    image = record.image
    return None if image is None else image.id if image.id is not None else image.url


def _image_url(record: Any) -> object:
    image = record.image
    return None if image is None else (image.url, image.alt, image.caption)


def _body_media(record: Any) -> object:
    images = [(image.url, image.alt, image.caption) for image in record.images]
    return images, record.links, [(embed.provider, embed.url) for embed in record.embeds]


def _fields(*names: str) -> Reader:
    """A function that reads the columns ``names``: the value of one column, or a tuple of the values of several."""

    def read(record: Any) -> object:
        values = tuple(_folded(getattr(record, name)) for name in names)
        return values[0] if len(values) == 1 else values

    return read


def _folded(value: Any) -> object:
    return value.strip() if isinstance(value, str) else value


PARTS: dict[str, dict[str, Reader]] = {
    "posts": {
        "title": _fields("title"),
        "text": _fields("content_text"),
        "author": _author,
        "terms": _terms,
        "image": _image,
        "author_name": _author_name,
        "term_names": _term_names,
        "image_url": _image_url,
        "excerpt": _fields("excerpt"),
        "url": _fields("url", "slug"),
        "published": _fields("published", "published_local"),
        "body_media": _body_media,
        "state": _fields("status", "format", "sticky", "protected", "comment_status"),
        "authors": _authors,
    },
    "comments": {
        "text": _fields("content_text"),
        "author": _author,
        "status": _fields("status"),
        "author_name": _author_name,
        "published": _fields("published", "published_local"),
        "place": _fields("url", "post", "parent"),
    },
    "media": {
        **{name: _fields(name) for name in ("title", "alt", "caption", "description", "file_url")},
        "url": _fields("url", "slug"),
        "published": _fields("published", "published_local"),
        "file": _fields("mime", "width", "height", "filesize", "sizes"),
        "state": _fields("status", "post"),
        "author": _author,
    },
    "terms": {name: _fields(name) for name in ("name", "slug", "description", "parent", "url")},
    "users": {name: _fields(name) for name in ("name", "slug", "description", "website", "url")},
}
"""Kind -> part -> the function that reads the part.

A row is edited when one of these parts differs. A difference in any other column (``content_html``, ``modified``, the
``count`` of a term) is not an edit: plugins write another number into the HTML for each visitor, and newsbot itself
finds out the language. A new part goes to the
end, since archives hold fingerprints of fewer parts.
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
    """The names of the parts that differ.

    Earlier versions of newsbot compared only the first parts. The other parts are not known, and do not count as
    different. Without any fingerprint ``before``, all parts differ.
    """
    if not before:
        return list(PARTS[kind])
    known = min(len(before), len(after)) // _HASH_BYTES
    spans = (slice(i * _HASH_BYTES, (i + 1) * _HASH_BYTES) for i in range(known))
    return [name for name, span in zip(PARTS[kind], spans, strict=False) if before[span] != after[span]]


def unfetched_parts(record: Any) -> set[str]:
    """The parts that are known only by ids, since an author, a term or the image could not be fetched."""
    unfetched = set()
    author, image = getattr(record, "author", None), getattr(record, "image", None)
    if author is not None and author.name is None:
        unfetched |= {"author_name", "authors"}
    if any(term.name is None for term in getattr(record, "terms", ())):
        unfetched |= {"term_names", "authors"}
    if image is not None and image.url is None:
        unfetched.add("image_url")
    return unfetched
