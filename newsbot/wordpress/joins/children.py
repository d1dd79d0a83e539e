"""Gathering what hangs on posts: replies, attachments, revisions, and the type they are about.

Unlike an author, these are found by the post's id, not by ids the post holds; many posts share one query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.article.text import plain_text
from newsbot.errors import PayloadError, RecordError
from newsbot.items import Post
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE, Site
from newsbot.wordpress.dates import utc
from newsbot.wordpress.joins.relations import Relation
from newsbot.wordpress.messages import Asking, Query
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import answer, is_final, rows_of, split_until_alone, total_of

_FIELDS = {
    "replies": "id,post,parent,author,author_name,author_url,date,date_gmt,content,link",
    "attachments": "id,post,source_url,alt_text,caption,mime_type,media_details",
    "revisions": "id,parent,author,date_gmt,modified_gmt",
    "about": "name,slug,description,hierarchical,taxonomies,rest_base",
}


@dataclass(slots=True, kw_only=True)
class ChildrenFetcher:
    """Fills ``post.linked[name]``: a list, or None where the site does not let visitors read it, or failed.

    ``stats`` counts what did not come, ``failed`` are the posts for which the site failed rather than refused;
    ``closed`` names what visitors may not read at all, which is not asked for again, ``ailing`` what failed
    so often that batches are no longer split. ``sizes`` are page sizes that the site insisted on, ``about`` the types
    that are known.
    """

    site: Site
    stats: Counter[str]
    failed: list[int] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    ailing: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    def gather(self, name: str, relation: Relation, posts: Sequence[Post]) -> Asking[None]:
        """Fill ``linked[name]`` of ``posts``, which are of one type."""
        if name in self.closed:
            for post in posts:
                post.linked[name] = None
        elif name == "about":
            yield from self._about(relation, posts)
        elif relation.param is None:
            for post in posts:
                yield from self._one(name, relation, post)
        else:
            for start in range(0, len(posts), PER_PAGE):
                yield from self._batch(name, relation, posts[start : start + PER_PAGE])
        if name == "replies":
            for post in posts:
                replies = post.linked[name]
                post.comment_count = len(replies) if replies is not None else None

    def _batch(self, name: str, relation: Relation, posts: Sequence[Post]) -> Asking[None]:
        waiting = {post.id: post for post in posts}

        def ask(ids: list[int]) -> Asking[None]:
            try:
                found = yield from self._list(name, relation, {one: waiting[one] for one in ids})
            except PayloadError as fault:
                if _is_no(fault) and len(ids) == len(posts) > 1:
                    yield from self._check_closed(name, relation, posts[0].type)
                if name not in self.closed:
                    raise
                found = dict.fromkeys(ids)
            for one in ids:
                waiting.pop(one).linked[name] = found[one]

        def lose(lost: int, fault: PayloadError) -> None:
            self._lose(name, waiting.pop(lost), fault)

        try:
            if name in self.ailing:
                yield from ask(list(waiting))
                self.ailing.discard(name)
            else:
                yield from split_until_alone(list(waiting), ask, lose)
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.ailing.add(name)
            for lost in list(waiting):
                lose(lost, fault)

    def _list(self, name: str, relation: Relation, posts: Mapping[int, Post]) -> Asking[dict[int, Any]]:
        """What hangs on these posts, by post. Rows are counted, not pages: the site may force a size of its own."""
        found: dict[int, dict[int, Any]] = {one: {} for one in posts}
        type_ = next(iter(posts.values())).type
        size = self.sizes.get(name, self.site.accepted(relation.route).per_page)
        rows_had, page = 0, 1
        while True:
            params: dict[str, Any] = {relation.param or "": list(posts), "orderby": "id", "order": "asc", "page": page}
            url = self.site.api.url(relation.route, params | {"per_page": size, "_fields": _FIELDS[name]})
            tries = 1 if name in self.ailing else 2
            reply = yield Query(url=url, purpose=f"follow-{name}", type=type_, tries=tries)
            try:
                rows = rows_of(reply)
            except PayloadError as fault:
                if page == 1 and (limit := lowered_per_page(fault, size)) is not None:
                    size = self.sizes[name] = limit
                    continue
                if page > 1 and getattr(fault, "status", 0) == 400:
                    break
                raise
            for raw in rows:
                hanging = found.get(records.linked_id(raw.get("post")) or 0)
                if hanging is not None:
                    _add(hanging, name, raw, self.site)
            rows_had, page, total = rows_had + len(rows), page + 1, total_of(reply)
            if not rows or (total is not None and rows_had >= total):
                break
        return {one: list(hanging.values()) for one, hanging in found.items()}

    def _check_closed(self, name: str, relation: Relation, type_: str) -> Asking[None]:
        """Is one post's part forbidden, or all of it? One request tells; splitting would cost two for each post."""
        url = self.site.api.url(relation.route, {"per_page": 1, "_fields": "id"})
        try:
            rows_of((yield Query(url=url, purpose=f"follow-{name}", type=type_)))
        except PayloadError as fault:
            if _is_no(fault):
                self._close(name)

    def _close(self, name: str) -> None:
        self.closed.add(name)
        self.stats[f"{name}_closed"] += 1

    def _lose(self, name: str, post: Post, fault: PayloadError) -> None:
        post.linked[name] = None
        self.stats[f"{name}_{fault.name}"] += 1
        if not _is_no(fault):
            self.failed.append(post.id)

    def _one(self, name: str, relation: Relation, post: Post) -> Asking[None]:
        """A relation that only a request of each post's own answers; once refused, it is not asked for again."""
        post.linked[name] = None
        if name in self.closed:
            return
        params: dict[str, Any] = {"per_page": PER_PAGE, "_fields": _FIELDS[name]}
        url = self.site.api.url(relation.route.replace("{id}", str(post.id)), params)
        try:
            rows = rows_of((yield Query(url=url, purpose=f"follow-{name}", type=post.type)))
        except PayloadError as fault:
            if is_final(fault):
                raise
            if getattr(fault, "status", 0) in (401, 403):
                self._close(name)
            else:
                self._lose(name, post, fault)
            return
        found: dict[int, Any] = {}
        for raw in rows:
            _add(found, name, raw, self.site)
        post.linked[name] = list(found.values())

    def _about(self, relation: Relation, posts: Sequence[Post]) -> Asking[None]:
        """The type itself: one request for all posts."""
        if posts and relation.route not in self.about:
            url = self.site.api.url(relation.route, {"_fields": _FIELDS["about"]})
            try:
                about = answer((yield Query(url=url, purpose="follow-about", type=posts[0].type)))
            except PayloadError as fault:
                if is_final(fault):
                    raise
                for post in posts:
                    self._lose("about", post, fault)
                return
            self.about[relation.route] = about
        for post in posts:
            about = self.about[relation.route]
            post.linked["about"] = about if isinstance(about, dict) else None


def _is_no(fault: PayloadError) -> bool:
    """Whether the site says that it does not show this, rather than failing to."""
    return getattr(fault, "status", 0) in (400, 401, 403, 404, 410)


def _add(found: dict[int, Any], name: str, raw: Mapping[str, Any], site: Site) -> None:
    try:
        described = _describe(name, raw, site)
    except RecordError:
        return
    found.setdefault(described["id"], described)


def _describe(name: str, raw: Mapping[str, Any], site: Site) -> dict[str, Any]:
    if name == "replies":
        comment = records.read_comment(raw, site=site, fetched_at="", request_url="", personal=False)
        return {
            "id": comment.id,
            "parent": comment.parent,
            "author": comment.author.name if comment.author else None,
            "text": plain_text(comment.content_html or ""),
            "published": comment.published,
            "url": comment.url,
        }
    if name == "revisions":
        return {
            "id": records.record_id(raw),
            "author": records.linked_id(raw.get("author")),
            "modified": utc(raw.get("modified_gmt"), None, site),
        }
    media = records.read_media(raw, site=site, fetched_at="", request_url="")
    kept = ("id", "file_url", "alt", "caption", "mime", "width", "height")
    return {key: getattr(media, key) for key in kept}
