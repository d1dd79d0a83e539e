"""The newsroom's rows. A row is computed from its id when it is read, and stored only after a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.newsroom import records
from tests.newsroom.content import Writer, escape, mix
from tests.newsroom.initial_posts import InitialPosts
from tests.newsroom.options import Options
from tests.newsroom.people import make_comments, make_terms, make_users
from tests.newsroom.records import Comment, Moment, Post, Term, User
from tests.newsroom.sorted_ids import SortedIds, id_of, pack

TYPES = ("post", "page", "story", "attachment")


class Archive:
    """All rows of the newsroom, and the four operations on them: insert, edit, change of status, delete."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.zone = ZoneInfo(options.zone)
        self.writer = Writer(
            seed=options.seed, least=int(options.kilobytes[0] * 1024), most=int(options.kilobytes[1] * 1024)
        )
        self.initial_posts = InitialPosts(options, self.zone, self.writer)
        self.terms: dict[str, dict[int, Term]] = make_terms(options)
        self.users: dict[int, User] = make_users(options)
        self.changed: dict[int, Post] = {row.id: row for row in self.initial_posts.set_pieces()}
        self.deleted: set[int] = set()
        self.version = 0
        self.next_id = self.initial_posts.first_free_id
        self._by_date = {kind: SortedIds(self.initial_posts.keys(kind)) for kind in TYPES}
        self._by_modified: dict[str, SortedIds] = {}
        for row in self.changed.values():
            if self.listed(row):
                self._by_date[row.type].add(row.date.key, row.id)
        self.comments: dict[int, Comment] = {
            row.id: row for row in make_comments(options, self.initial_posts, self.zone)
        }

    def by_date(self, kind: str) -> SortedIds:
        return self._by_date[kind]

    def by_modified(self, kind: str) -> SortedIds:
        """Built at the first use, since most crawls never order by it."""
        if kind not in self._by_modified:
            ids = (id_of(key) for key in self._by_date[kind].keys)
            keys = [pack(row.modified.key, row.id) for row in map(self.row, ids) if row is not None]
            self._by_modified[kind] = SortedIds(keys)
        return self._by_modified[kind]

    def row(self, post_id: int) -> Post | None:
        if post_id in self.deleted:
            return None
        return self.changed.get(post_id) or self.initial_posts.row(post_id)

    def listed(self, row: Post) -> bool:
        """Whether a listing counts the row. An attachment counts whatever the status of its parent."""
        return row.status == ("inherit" if row.type == "attachment" else "publish")

    def readable(self, row: Post) -> bool:
        """Whether a visitor may read the row. An attachment can be read where its parent can be read."""
        if row.status == "inherit":
            parent = self.row(row.parent) if row.parent else None
            return parent is None or self.readable(parent)
        return row.status == "publish"

    def body(self, row: Post, home: str) -> bytes:
        """The content as the inside of a JSON string, protected or not."""
        return escape(row.body) if row.body is not None else self.writer.body(row.id, home)

    def moment(self, when: str | Moment) -> Moment:
        """A Moment from a local ISO date-time of the site."""
        if isinstance(when, Moment):
            return when
        local = datetime.fromisoformat(when)
        return records.at(int(local.replace(tzinfo=self.zone).timestamp()), self.zone)

    def insert(self, *, date: str | Moment, modified: str | Moment | None = None, **fields: Any) -> Post:
        """A new row; ``id`` is the next free one and ``status`` is ``publish`` unless given."""
        post_id = fields.pop("id", None) or self.next_id
        self.next_id = max(self.next_id, post_id + 1)
        title = fields.pop("title", None) or f"Inserted report no. {post_id}"
        row = Post(
            id=post_id,
            type=fields.pop("type", "post"),
            date=self.moment(date),
            modified=self.moment(modified if modified is not None else date),
            slug=fields.pop("slug", None) or f"inserted-report-no-{post_id}",
            guid=fields.pop("guid", None) or f"%HOME%/?p={post_id}",
            title=title,
            **fields,
        )
        self._keep(None, row)
        return row

    def edit(self, post_id: int, **fields: Any) -> Post:
        """Change fields of a row. ``modified`` becomes one minute later unless it is given."""
        old = self.row(post_id)
        if old is None:
            raise KeyError(post_id)
        if "date" in fields:
            fields["date"] = self.moment(fields["date"])
        if "modified" in fields:
            fields["modified"] = self.moment(fields["modified"])
        else:
            fields["modified"] = records.at(_seconds(old.modified) + 60, self.zone)
        row = replace(old, revision=old.revision + 1, **fields)
        self._keep(old, row)
        return row

    def delete(self, post_id: int) -> None:
        old = self.row(post_id)
        if old is None:
            raise KeyError(post_id)
        self._unlist(old)
        self.deleted.add(post_id)
        self.changed.pop(post_id, None)
        self.version += 1

    def _keep(self, old: Post | None, row: Post) -> None:
        if old is not None:
            self._unlist(old)
        self.deleted.discard(row.id)
        self.changed[row.id] = row
        if self.listed(row):
            self._by_date[row.type].add(row.date.key, row.id)
            if row.type in self._by_modified:
                self._by_modified[row.type].add(row.modified.key, row.id)
        self.version += 1

    def _unlist(self, row: Post) -> None:
        self._by_date[row.type].drop(row.date.key, row.id)
        if row.type in self._by_modified:
            self._by_modified[row.type].drop(row.modified.key, row.id)

    def find(self, kind: str, test: Callable[[Post], bool]) -> list[int]:
        """Ids of listed rows that pass a test, in order of date."""
        rows = (self.row(id_of(key)) for key in self._by_date[kind].keys)
        return [row.id for row in rows if row is not None and test(row)]

    def noise(self, *numbers: int) -> int:
        return mix(self.options.seed, *numbers)


def _seconds(moment: Moment) -> int:
    if moment.utc == records.ZERO:
        return 1_700_000_000
    return records.local_key(moment.utc)
