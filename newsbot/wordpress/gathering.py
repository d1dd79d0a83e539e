"""Gathering what hangs on posts: replies, attachments, revisions, and the type they are about.

Unlike an author, these are found by the post's id, not by ids the post holds; many posts share one query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from newsbot.article.clean import plain_text
from newsbot.errors import PayloadError, RecordError
from newsbot.items import Post
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE, Site
from newsbot.wordpress.joining import answer, is_final, rows_of, split_until_alone
from newsbot.wordpress.links import Relation
from newsbot.wordpress.messages import Query, Reply

Steps = Generator[Query, Reply, None]

_FIELDS = {
    "replies": "id,post,parent,author,author_name,author_url,date,date_gmt,content,link",
    "attachments": "id,post,source_url,alt_text,caption,mime_type,media_details",
    "revisions": "id,parent,author,date_gmt,modified_gmt",
    "about": "name,slug,description,hierarchical,taxonomies,rest_base",
}


def gather(name: str, relation: Relation, posts: Sequence[Post], *, site: Site, stats: Counter[str]) -> Steps:
    """Fill ``post.linked[name]`` of every post: a list, or None where the site does not let visitors read it."""
    if name == "about":
        yield from _about(relation, posts, site=site, stats=stats)
    elif relation.param is None:
        for post in posts:
            yield from _one(name, relation, post, site=site, stats=stats)
    else:
        yield from _batched(name, relation, posts, site=site, stats=stats)


def _batched(name: str, relation: Relation, posts: Sequence[Post], *, site: Site, stats: Counter[str]) -> Steps:
    by_id = {post.id: post for post in posts}
    for post in posts:
        post.linked[name] = []

    def ask(ids: list[int]) -> Steps:
        assert relation.param is not None
        size, page = site.accepted(relation.route).per_page, 1
        while True:
            params: dict[str, Any] = {
                relation.param: ids,
                "per_page": size,
                "orderby": "id",
                "order": "asc",
                "page": page,
            }
            url = site.api.url(relation.route, params | {"_fields": _FIELDS[name]})
            reply = yield Query(url=url, purpose=f"follow-{name}", type=posts[0].type)
            try:
                rows = rows_of(reply)
            except PayloadError as fault:
                if page > 1 and getattr(fault, "status", 0) == 400:
                    return
                raise
            for raw in rows:
                owner = by_id.get(records.linked_id(raw.get("post")) or 0)
                if owner is not None:
                    _add(owner.linked[name], name, raw, site)
            if not rows or reply.headers.get("x-wp-totalpages", "").strip() in ("0", str(page)):
                return
            page += 1

    def forbid(lost: int, fault: PayloadError) -> None:
        by_id[lost].linked[name] = None
        stats[f"{name}_{fault.name}"] += 1

    ids = list(by_id)
    for start in range(0, len(ids), PER_PAGE):
        yield from split_until_alone(ids[start : start + PER_PAGE], ask, forbid)
    if name == "replies":
        for post in posts:
            replies = post.linked[name]
            post.comment_count = len(replies) if replies is not None else None


def _add(found: list[dict[str, Any]] | None, name: str, raw: Mapping[str, Any], site: Site) -> None:
    if found is None:
        return
    try:
        described = _describe(name, raw, site)
    except RecordError:
        return
    if all(known["id"] != described["id"] for known in found):
        found.append(described)


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
            "modified": records.utc(raw.get("modified_gmt"), None, site),
        }
    media = records.read_media(raw, site=site, fetched_at="", request_url="")
    kept = ("id", "file_url", "alt", "caption", "mime", "width", "height")
    return {key: getattr(media, key) for key in kept}


def _one(name: str, relation: Relation, post: Post, *, site: Site, stats: Counter[str]) -> Steps:
    """A relation that only a request of each post's own answers; once refused, it is not asked again in this run."""
    refused = f"{name}_closed"
    post.linked[name] = None
    if stats[refused]:
        return
    url = site.api.url(relation.route.replace("{id}", str(post.id)), {"per_page": PER_PAGE, "_fields": _FIELDS[name]})
    reply = yield Query(url=url, purpose=f"follow-{name}", type=post.type)
    try:
        rows = rows_of(reply)
    except PayloadError as fault:
        if is_final(fault):
            raise
        key = refused if getattr(fault, "status", 0) in (401, 403) else f"{name}_{fault.name}"
        stats[key] += 1
        return
    found: list[dict[str, Any]] = []
    post.linked[name] = found
    for raw in rows:
        _add(found, name, raw, site)


def _about(relation: Relation, posts: Sequence[Post], *, site: Site, stats: Counter[str]) -> Steps:
    """The type itself: one request for a page of posts."""
    reply = (
        yield Query(
            url=site.api.url(relation.route, {"_fields": _FIELDS["about"]}), purpose="follow-about", type=posts[0].type
        )
        if posts
        else Query(url=site.api.url(relation.route), purpose="follow-about")
    )
    try:
        about = answer(reply)
    except PayloadError as fault:
        if is_final(fault):
            raise
        stats[f"about_{fault.name}"] += 1
        about = None
    for post in posts:
        post.linked["about"] = about if isinstance(about, dict) else None
