"""Turns rows into objects of the REST API, whole or cut to ``_fields``."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from tests.newsroom import links
from tests.newsroom.archive import Archive
from tests.newsroom.content import escape
from tests.newsroom.places import Places
from tests.newsroom.records import Comment, Post, Term, User

CACHE_BYTES = 16_000_000
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The paths of ``_fields``. No path means all fields."""

    paths: frozenset[Path] = frozenset()

    @classmethod
    def read(cls, values: Iterable[str]) -> Wanted:
        names = [name.strip() for value in values for name in value.split(",") if name.strip()]
        return cls(frozenset(tuple(name.split(".")) for name in names))

    def has(self, name: str) -> bool:
        return not self.paths or any(path[0] == name for path in self.paths)

    def cut(self, whole: dict[str, Any]) -> dict[str, Any]:
        """Only the wanted paths. ``_links`` and ``_embedded`` stand at the end, in WordPress's order."""
        if not self.paths:
            return whole
        found: dict[str, Any] = {}
        for name, value in whole.items():
            below = [path[1:] for path in self.paths if path[0] == name]
            if below:
                found[name] = value if () in below or not isinstance(value, dict) else _below(value, below)
        return found


def _below(value: dict[str, Any], paths: list[Path]) -> dict[str, Any]:
    return Wanted(frozenset(paths)).cut(value)


EVERYTHING = Wanted()
Builder = Callable[[Any], Any]


class Shape:
    """Builds objects. Caches the JSON of posts by (id, revision, fields) up to CACHE_BYTES."""

    def __init__(self, archive: Archive, places: Places) -> None:
        self.archive, self.places = archive, places
        self.options = archive.options
        self._cache: OrderedDict[tuple[int, int, Wanted], bytes] = OrderedDict()
        self._cached = 0
        self._post_fields = self._fields_of_posts()

    def post_json(self, row: Post, wanted: Wanted) -> bytes:
        key = (row.id, row.revision, wanted)
        known = self._cache.get(key)
        if known is not None:
            return known
        made = orjson.dumps(self.post(row, wanted))
        self._cache[key] = made
        self._cached += len(made)
        while self._cached > CACHE_BYTES:
            self._cached -= len(self._cache.popitem(last=False)[1])
        return made

    def post(self, row: Post, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
        """A post, page, story or attachment as WordPress gives it to a visitor."""
        made: dict[str, Any] = {}
        for name, build, kinds in self._post_fields:
            if row.type in kinds and wanted.has(name):
                made[name] = build(row)
        if wanted.has("_links"):
            made["_links"] = links.of_post(row, self.archive, self.places)
        return wanted.cut(made)

    def _fields_of_posts(self) -> list[tuple[str, Builder, tuple[str, ...]]]:
        every = ("post", "page", "story", "attachment")
        texts, blog, media = ("post", "page", "story"), ("post",), ("attachment",)
        fields: list[tuple[str, Builder, tuple[str, ...]]] = [
            ("id", lambda row: row.id, every),
            ("date", lambda row: row.date.local, every),
            ("date_gmt", lambda row: row.date.utc, every),
            ("guid", lambda row: {"rendered": self.places.fill(row.guid)}, every),
            ("modified", lambda row: row.modified.local, every),
            ("modified_gmt", lambda row: row.modified.utc, every),
            ("slug", lambda row: row.slug, every),
            ("status", lambda row: row.status, every),
            ("type", lambda row: row.type, every),
            ("link", self.places.link, every),
            ("title", lambda row: {"rendered": row.title}, every),
            ("content", self._content, texts),
            ("excerpt", self._excerpt, texts),
            ("author", lambda row: row.author, every),
            ("featured_media", lambda row: row.featured_media, texts),
            ("parent", lambda row: row.parent, ("page",)),
            ("menu_order", lambda row: 0, ("page",)),
            ("comment_status", lambda row: row.comment_status, every),
            ("ping_status", lambda row: "closed", every),
            ("sticky", lambda row: row.sticky, blog),
            ("template", lambda row: "", every),
            ("format", lambda row: row.format, blog),
            ("meta", lambda row: [] if row.id % 2 or row.type == "attachment" else {"footnotes": ""}, every),
            ("categories", lambda row: list(row.categories), blog),
            ("tags", lambda row: list(row.tags), blog),
            ("beats", lambda row: list(row.beats), ("story",)),
            ("class_list", _class_list, every),
            ("description", lambda row: {"rendered": f"<p>{row.title}</p>\n"}, media),
            ("caption", lambda row: {"rendered": "<p>The quay at low water</p>\n"}, media),
            ("alt_text", lambda row: "The quay" if row.id % 3 else "", media),
            ("media_type", lambda row: "image", media),
            ("mime_type", lambda row: "image/jpeg", media),
            ("media_details", self._media_details, media),
            ("post", lambda row: row.parent or None, media),
            ("source_url", lambda row: self.places.upload(row), media),
        ]
        absent = {"class_list"} if self.options.core < "6.6" else set()
        if self.options.of_2016:
            absent |= {"status", "template", "meta", "class_list"}
        return [field for field in fields if field[0] not in absent]

    def _content(self, row: Post) -> dict[str, Any]:
        body = b"" if row.protected else self.archive.body(row, self.places.home)
        made: dict[str, Any] = {"rendered": orjson.Fragment(b'"' + body + b'"')}
        return made if self.options.of_2016 else made | {"protected": row.protected}

    def _excerpt(self, row: Post) -> dict[str, Any]:
        words = self.archive.writer.lead(row.id).split()[:55] if row.body is None else ["In", "short."]
        text = "" if row.protected else f"<p>{' '.join(words)} [&hellip;]</p>\n"
        made: dict[str, Any] = {"rendered": orjson.Fragment(b'"' + escape(text) + b'"')}
        return made if self.options.of_2016 else made | {"protected": row.protected}

    def _media_details(self, row: Post) -> dict[str, Any]:
        if row.id % 11 == 0:
            return {}
        url = self.places.upload(row)
        size = {"file": "quay-1024x683.jpg", "width": 1024, "height": 683, "mime_type": "image/jpeg"}
        sizes = {"large": size | {"source_url": url.replace(".jpg", "-1024x683.jpg")}}
        return {"width": 1600, "height": 1067, "file": url.split("/uploads/")[-1], "filesize": 90_210, "sizes": sizes}

    def term(self, row: Term, count: int, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": row.id,
            "count": count,
            "description": row.description,
            "link": self.places.term(row),
            "name": row.name,
            "slug": row.slug,
            "taxonomy": row.taxonomy,
        }
        if row.taxonomy == "category":
            made["parent"] = row.parent
        made["meta"] = []
        if wanted.has("_links"):
            made["_links"] = links.of_term(row, self.places)
        return wanted.cut(made)

    def user(self, row: User, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": row.id,
            "name": row.name,
            "url": f"https://desk{row.id}.example" if row.id % 3 == 1 else "",
            "description": row.description,
            "link": self.places.author(row),
            "slug": row.slug,
            "avatar_urls": _avatars(row.slug),
            "meta": [],
        }
        if wanted.has("_links"):
            made["_links"] = links.of_user(row, self.places)
        return wanted.cut(made)

    def comment(self, row: Comment, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
        post = self.archive.row(row.post)
        made: dict[str, Any] = {
            "id": row.id,
            "post": row.post,
            "parent": row.parent,
            "author": row.author,
            "author_name": row.author_name,
            "author_url": "",
            "date": row.date.local,
            "date_gmt": row.date.utc,
            "content": {"rendered": row.content},
            "link": (self.places.link(post) if post else self.places.home) + f"#comment-{row.id}",
            "status": "approved",
            "type": "comment",
            "author_avatar_urls": _avatars(row.author_name),
            "meta": [],
        }
        if wanted.has("_links"):
            made["_links"] = links.of_comment(row, self.archive, self.places)
        return wanted.cut(made)


def _class_list(row: Post) -> list[str]:
    return [f"post-{row.id}", row.type, f"type-{row.type}", f"status-{row.status}", "hentry"]


def _avatars(name: str) -> dict[str, str]:
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return {size: f"https://secure.gravatar.com/avatar/{digest}?s={size}&d=mm&r=g" for size in ("24", "48", "96")}
