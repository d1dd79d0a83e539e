"""Fetch the children of posts (replies, attachments, revisions), and the description of their type.

A post holds the id of its author, but not the ids of its children: they are found by the post's id. Many posts share
one query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import Endless, PayloadError
from newsbot.items import Post
from newsbot.wordpress.api import PER_PAGE, Site
from newsbot.wordpress.joins.child_rows import FIELDS, add_child
from newsbot.wordpress.joins.relations import Relation
from newsbot.wordpress.messages import Asking, Query, Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import answer, is_final, rows_of, split_until_alone, total_of
from newsbot.wordpress.values import row_id

MOST_HELD = 250_000_000
"""The approximate bytes of children that newsbot keeps in memory: the children of the posts of one page, until the
posts are sent."""

OVERFLOWS = 3
"""The number of batches with more children than newsbot can keep in memory, after which it requests no more
children."""

TESTED_AT, FAR = 50, 1_000_000
"""After the page ``TESTED_AT``, newsbot requests the page ``FAR``, which no listing has. If the listing shows rows
there, it has no end."""

BARREN = 3
"""Pages in a row without a new child, after which a listing counts as one that repeats itself."""


class _Overflow(Endless):
    """The children of one batch of posts are more than newsbot can keep in memory."""


@dataclass(slots=True, kw_only=True)
class ChildrenFetcher:
    """Fills ``post.linked[name]`` with a list, or with None if visitors may not read it or the site failed.

    ``stats`` counts the children that did not come. ``failed`` are ids of posts for which the site failed (a refusal is
    not a failure). ``closed`` are names that visitors may not read at all, ``endless`` the names whose listing has no
    end; the names in both sets are not requested again. ``failing`` are names that failed so often that batches are no
    longer split. ``sizes`` are page sizes that the site demands, by name. ``about`` holds the descriptions of types
    that are known, by route. ``held`` is the number of bytes of the children whose posts are not sent yet,
    ``overflows`` the number of batches with too many bytes.
    """

    site: Site
    stats: Counter[str]
    failed: list[int] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    endless: dict[str, Endless] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    held: int = 0
    overflows: int = 0

    @property
    def is_heavy(self) -> bool:
        """Whether the posts should be sent before more children are fetched."""
        return self.held > MOST_HELD // 10

    def fetch(self, name: str, relation: Relation, posts: Sequence[Post]) -> Asking[None]:
        """Fill ``linked[name]`` of ``posts``, which are of one type."""
        if name in self.closed:
            for post in posts:
                post.linked[name] = None
        elif name in self.endless:
            for post in posts:
                self._lose(name, post, self.endless[name])
        elif name == "about":
            yield from self._fetch_about(relation, posts)
        elif relation.param is None:
            for post in posts:
                yield from self._fetch_alone(name, relation, post)
        else:
            for start in range(0, len(posts), PER_PAGE):
                yield from self._fetch_batch(name, relation, posts[start : start + PER_PAGE])
        if name == "replies":
            _count_replies(posts)

    def _fetch_batch(self, name: str, relation: Relation, posts: Sequence[Post]) -> Asking[None]:
        waiting = {post.id: post for post in posts}

        def ask(ids: list[int]) -> Asking[None]:
            found = yield from self._children_of(name, relation, [waiting[post_id] for post_id in ids], of=len(posts))
            for post_id in ids:
                waiting.pop(post_id).linked[name] = found[post_id]

        def lose(post_id: int, fault: PayloadError) -> None:
            self._lose(name, waiting.pop(post_id), fault)

        try:
            if name in self.failing:
                yield from ask(list(waiting))
                self.failing.discard(name)
            else:
                yield from split_until_alone(list(waiting), ask, lose)
        except PayloadError as fault:
            if isinstance(fault, _Overflow) and self.overflows < OVERFLOWS:
                pass
            elif isinstance(fault, Endless):
                self.endless[name] = fault
            elif is_final(fault):
                raise
            else:
                self.failing.add(name)
            for post_id in list(waiting):
                lose(post_id, fault)

    def _children_of(
        self, name: str, relation: Relation, posts: Sequence[Post], *, of: int
    ) -> Asking[Mapping[int, list[Any] | None]]:
        """The children of ``posts``, by the post's id; None where visitors may not read them at all.

        ``of`` is the size of the whole batch to which ``posts`` belong.
        """
        try:
            return (yield from self._list(name, relation, posts))
        except PayloadError as fault:
            if _is_refusal(fault) and len(posts) == of > 1:
                yield from self._check_closed(name, relation, posts[0].type)
            if name not in self.closed:
                raise
        return dict.fromkeys(post.id for post in posts)

    def _list(self, name: str, relation: Relation, posts: Sequence[Post]) -> Asking[dict[int, list[Any]]]:
        """The children of ``posts``, by the post's id.

        Rows are counted, not pages, since a site may force its own page size. Raises Endless if the listing continues
        without new rows, or brings more rows than newsbot can keep in memory.
        """
        found: dict[int, dict[int, Any]] = {post.id: {} for post in posts}
        rows, total = yield from self._first_page(name, relation, posts)
        page, had, barren, held = 1, 0, 0, 0
        while rows:
            had += len(rows)
            fresh = [add_child(found.get(self._parent(raw, relation, posts)), name, raw, self.site) for raw in rows]
            held += sum(fresh)
            barren = 0 if any(fresh) else barren + 1
            if self.held + held > MOST_HELD:
                self.overflows += 1
                raise _Overflow(f"{had} {name} of {len(posts)} posts are more than newsbot can hold")
            if total is not None and had >= total:
                break
            if barren and relation.param is None:
                break  # a route that ignores page= sends all rows again
            if barren >= BARREN:
                raise Endless(f"the listing of {name} does not end: page {page} of {len(posts)} posts")
            if page == TESTED_AT and _later_page((yield self._query(name, relation, posts, FAR)))[0]:
                raise Endless(f"the listing of {name} does not end: page {FAR} has rows")
            page += 1
            rows, total = _later_page((yield self._query(name, relation, posts, page)))
        self.held += held
        return {post_id: list(children.values()) for post_id, children in found.items()}

    def _first_page(
        self, name: str, relation: Relation, posts: Sequence[Post]
    ) -> Asking[tuple[list[dict[str, Any]], int | None]]:
        """The rows of the first page and the total, in pages of the size that the site accepts."""
        while True:
            reply = yield self._query(name, relation, posts, 1)
            try:
                return rows_of(reply), total_of(reply)
            except PayloadError as fault:
                limit = lowered_per_page(fault, self._size(name, relation))
                if limit is None:
                    raise
                self.sizes[name] = limit

    def _query(self, name: str, relation: Relation, posts: Sequence[Post], page: int) -> Query:
        params: dict[str, Any] = {"page": page, "per_page": self._size(name, relation), "_fields": FIELDS[name]}
        if relation.param is not None:
            params |= {relation.param: [post.id for post in posts], "orderby": "id", "order": "asc"}
        url = self.site.api.url(relation.route.replace("{id}", str(posts[0].id)), params)
        return Query(url=url, purpose=f"follow-{name}", type=posts[0].type, tries=1 if name in self.failing else 2)

    def _parent(self, raw: Mapping[str, Any], relation: Relation, posts: Sequence[Post]) -> int:
        """The id of the post that a child belongs to; 0 if the child does not name the post."""
        return posts[0].id if relation.param is None else row_id(raw.get("post")) or 0

    def _size(self, name: str, relation: Relation) -> int:
        return self.sizes.get(name, self.site.accepted(relation.route).per_page)

    def _check_closed(self, name: str, relation: Relation, type_: str) -> Asking[None]:
        """Find out with one request whether visitors may read any child at all.

        Splitting the batch would cost two requests for each post.
        """
        url = self.site.api.url(relation.route, {"per_page": 1, "_fields": "id"})
        try:
            rows_of((yield Query(url=url, purpose=f"follow-{name}", type=type_)))
        except PayloadError as fault:
            if _is_refusal(fault):
                self._close(name)

    def _close(self, name: str) -> None:
        self.closed.add(name)
        self.stats[f"{name}_closed"] += 1

    def _lose(self, name: str, post: Post, fault: PayloadError) -> None:
        post.linked[name] = None
        self.stats[f"{name}_{fault.name}"] += 1
        if not _is_refusal(fault):
            self.failed.append(post.id)

    def _fetch_alone(self, name: str, relation: Relation, post: Post) -> Asking[None]:
        """Fetch children that need one request for each post. After one refusal no more are requested."""
        post.linked[name] = None
        if name in self.closed:
            return
        if name in self.endless:
            self._lose(name, post, self.endless[name])
            return
        try:
            post.linked[name] = (yield from self._list(name, relation, [post]))[post.id]
        except PayloadError as fault:
            if isinstance(fault, Endless):
                self.endless[name] = fault
            elif is_final(fault):
                raise
            if getattr(fault, "status", 0) in (401, 403):
                self._close(name)
            else:
                self._lose(name, post, fault)

    def _fetch_about(self, relation: Relation, posts: Sequence[Post]) -> Asking[None]:
        """Fetch the description of the posts' type, with one request for all posts."""
        try:
            if posts and relation.route not in self.about:
                self.about[relation.route] = yield from self._ask_about(relation, posts[0].type)
        except PayloadError as fault:
            if is_final(fault):
                raise
            for post in posts:
                self._lose("about", post, fault)
            return
        for post in posts:
            post.linked["about"] = self.about[relation.route]

    def _ask_about(self, relation: Relation, type_: str) -> Asking[dict[str, Any] | None]:
        url = self.site.api.url(relation.route, {"_fields": FIELDS["about"]})
        about = answer((yield Query(url=url, purpose="follow-about", type=type_)))
        return about if isinstance(about, dict) else None


def _count_replies(posts: Sequence[Post]) -> None:
    for post in posts:
        replies = post.linked["replies"]
        post.comment_count = len(replies) if replies is not None else None


def _later_page(reply: Reply) -> tuple[list[dict[str, Any]], int | None]:
    """The rows of a page after the first, and the total. After the last page WordPress answers 400: no rows."""
    try:
        return rows_of(reply), total_of(reply)
    except PayloadError as fault:
        if getattr(fault, "status", 0) != 400:
            raise
        return [], None


def _is_refusal(fault: PayloadError) -> bool:
    """Whether the site refuses to show the children. Otherwise it failed."""
    return getattr(fault, "status", 0) in (400, 401, 403, 404, 410)
