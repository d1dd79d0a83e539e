"""The rows that a newsroom starts with. Each row is a pure function of its id, so that 200,000 unread rows cost
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tests.newsroom import records
from tests.newsroom.content import Writer, mix
from tests.newsroom.options import Options
from tests.newsroom.records import NEVER, Moment, Post
from tests.newsroom.sorted_ids import pack

BEGIN = 1_546_300_800  # 2019-01-01 UTC
STRIDE = 3
"""The id of the n-th post is 1,000 + 3n. The id of its image is one more."""
FIRST = 1_000
PAGE, STORY, DRAFT = 10, 300, 700
"""The first ids of pages, of stories and of unpublished rows. All are lower than the ids of posts."""

DELETED_USER = 99
MISSING_MEDIA = 16_000_001
UNPUBLISHED = ("draft", "future", "trash", "private", "pending", "draft")

TITLES = (
    "Salt &#038; light: the mill&#8217;s second life",
    "=cmd|&#8217;/c calc&#8217;!A1 and other spreadsheets",
    "A <em>very</em> quiet &lt;strike&gt; at the tram works &#8211; day 3",
    "Міст для велосипедистів відкрито",
    "夜のバスが帰ってきた",
    "",
    "&#8220;Nobody asked the herons&#8221;",
)
"""Titles as WordPress renders them: entities, tags, other scripts, none at all."""


class InitialPosts:
    """``keys(kind)`` lists the published rows; ``row(id)`` makes a row."""

    def __init__(self, options: Options, zone: ZoneInfo, writer: Writer) -> None:
        self.options, self.zone, self.writer = options, zone, writer
        self._seed = options.seed
        # The archive covers about six years, in whole seconds, whatever the number of posts.
        self._step = max(1, 6 * 365 * 86_400 // max(1, options.posts))
        self._ties = min(options.ties, options.posts // 2)
        self._tie_from = options.posts // 3

    @property
    def first_free_id(self) -> int:
        return FIRST + STRIDE * (self.options.posts + 1)

    def keys(self, kind: str) -> Iterator[int]:
        """Packed (local date, id) keys of the published rows of a type."""
        if kind == "post":
            for n in range(self.options.posts):
                yield pack(self.date(n).key, FIRST + STRIDE * n)
        elif kind == "attachment":
            for n in range(self.options.posts):
                if self._has_image(n):
                    yield pack(self.date(n, image=True).key, FIRST + STRIDE * n + 1)
        else:
            first, count = (PAGE, self.options.pages) if kind == "page" else (STORY, self.options.stories)
            for n in range(count):
                yield pack(self._side_date(first + n).key, first + n)

    def date(self, n: int, *, image: bool = False) -> Moment:
        """When the n-th post was published. Most ids follow the dates; a few posts were imported out of order."""
        if self._tie_from <= n < self._tie_from + self._ties:
            return records.at(BEGIN + self._tie_from * self._step, self.zone)
        if self.options.oddities and not image and n in (31, 518):
            return NEVER
        # Some posts share a second with the post before. One post in forty has a date that is much older than its id.
        m = n - 1 if n % 50 == 7 else n
        if n % 40 == 13:
            m = mix(self._seed, n, 3) % (n + 1)
        return records.at(BEGIN + m * self._step + mix(self._seed, m, 1) % self._step, self.zone)

    def _modified(self, n: int, date: Moment) -> Moment:
        draw = mix(self._seed, n, 2)
        if date is NEVER:
            return date
        published = records.local_key(date.utc)
        if draw % 5 == 0:
            return records.at(published + draw % (30 * 86_400), self.zone)
        if self.options.oddities and draw % 61 == 1:
            return records.at(published - 7_200, self.zone)
        return date

    def _side_date(self, row_id: int) -> Moment:
        return records.at(BEGIN + mix(self._seed, row_id, 4) % (6 * 365 * 86_400), self.zone)

    def _has_image(self, n: int) -> bool:
        return mix(self._seed, n, 6) % 5 != 0

    def row(self, row_id: int) -> Post | None:
        n, rest = divmod(row_id - FIRST, STRIDE)
        if 0 <= n < self.options.posts and rest == 0:
            return self._post(n)
        if 0 <= n < self.options.posts and rest == 1 and self._has_image(n):
            return self._image(n)
        if PAGE <= row_id < PAGE + self.options.pages:
            return self._side(row_id, "page")
        if STORY <= row_id < STORY + self.options.stories:
            return self._side(row_id, "story")
        return None

    def _post(self, n: int) -> Post:
        post_id, draw = FIRST + STRIDE * n, mix(self._seed, n, 7)
        odd = self.options.oddities
        date = self.date(n)
        titles = self.writer.prose.titles
        title = TITLES[n // 37 % len(TITLES)] if odd and n % 37 == 5 else f"{titles[draw % len(titles)]}, no. {n}"
        return Post(
            id=post_id,
            type="post",
            date=date,
            modified=self._modified(n, date),
            slug=_slug(title, post_id, odd and n % 37 == 5),
            guid=self._guid(n),
            title=title,
            author=self._author(draw),
            categories=self._categories(draw >> 8),
            tags=self._tags(draw >> 16),
            featured_media=self._featured(n),
            sticky=odd and n in (4, 9),
            protected=odd and n % 97 == 45,
            format="aside" if draw % 29 == 3 else "standard",
            comment_status="closed" if draw % 3 == 0 else "open",
        )

    def _author(self, draw: int) -> int:
        if self.options.oddities and draw % 53 == 1:
            return DELETED_USER
        if self.options.oddities and draw % 59 == 2:
            return 0
        # The last user has published nothing.
        return 1 + draw % 1_000 * draw % max(1, self.options.users - 1)

    def _categories(self, draw: int) -> tuple[int, ...]:
        count = self.options.categories
        picked = {2 + draw % count, 2 + draw // 7 % count} if count and draw % 3 == 0 else {2 + draw % max(1, count)}
        return tuple(sorted(picked)) if count else (1,)

    def _tags(self, draw: int) -> tuple[int, ...]:
        count = self.options.tags
        return tuple(sorted({101 + (draw >> 7 * i) % count for i in range(draw % 6)})) if count else ()

    def _featured(self, n: int) -> int:
        if self.options.oddities and n % 71 == 17:
            return MISSING_MEDIA
        if self.options.oddities and n % 83 == 23:
            return DRAFT + 50
        return FIRST + STRIDE * n + 1 if self._has_image(n) else 0

    def _guid(self, n: int) -> str:
        post_id = FIRST + STRIDE * n
        if self.options.oddities and n % 101 == 33:
            return ""
        if self.options.oddities and n % 103 == 40:
            # An import repeated the guid of the previous post.
            return f"%HOME%/?p={post_id - STRIDE}"
        if n % 10 == 6:
            return f"http://old.lantern.example/?p={post_id}&#038;from=import"
        return f"%HOME%/?p={post_id}"

    def _image(self, n: int) -> Post:
        post_id, date = FIRST + STRIDE * n, self.date(n, image=True)
        loose = self.options.oddities and n % 7 == 3
        return _picture(post_id + 1, date, of=post_id, parent=0 if loose else post_id)

    def _side(self, row_id: int, kind: str) -> Post:
        """A page or story."""
        date, titles = self._side_date(row_id), self.writer.prose.titles
        beats = self.options.beats
        chosen = {9_001 + row_id % beats, 9_001 + row_id * 7 % beats} if kind == "story" and beats else set()
        return Post(
            id=row_id,
            type=kind,
            date=date,
            modified=date,
            slug=f"{kind}-{row_id}",
            guid=f"%HOME%/?{'page_id' if kind == 'page' else 'post_type=story&#038;p'}={row_id}",
            title=f"{kind.capitalize()}: {titles[row_id % len(titles)]}",
            parent=PAGE if kind == "page" and row_id % 4 == 3 else 0,
            beats=tuple(sorted(chosen)),
            author=1 + row_id % max(1, self.options.users - 1),
            comment_status="closed",
        )

    def set_pieces(self) -> Iterator[Post]:
        """An unpublished row, or the image of a draft. Visitors may not read either."""
        for n, status in enumerate(UNPUBLISHED):
            row_id = DRAFT + n
            date = records.at(BEGIN + (4_000_000 if status != "future" else 500_000_000) + n * 86_400, self.zone)
            yield Post(
                id=row_id,
                type="post",
                status=status,
                date=date,
                modified=date,
                slug=f"unpublished-{row_id}",
                guid=f"%HOME%/?p={row_id}",
                title=f"Not for the street yet, no. {row_id}",
                categories=(2,) if self.options.categories else (1,),
            )
        date = self._side_date(DRAFT)
        yield _picture(DRAFT + 50, date, of=DRAFT, parent=DRAFT)


def _slug(title: str, post_id: int, odd: bool) -> str:
    if odd:
        kept = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")[:24]
        # WordPress stores slugs of other scripts percent-encoded, in lower case.
        return f"{quote(kept or 'untitled').lower()}-{post_id}"
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower().replace("'", "")).split()
    return "-".join(words[:7]) + f"-{post_id}"


def _picture(row_id: int, date: Moment, *, of: int, parent: int) -> Post:
    """The attachment that is the image of the post ``of``."""
    name = f"quay-{of}"
    return Post(
        id=row_id,
        type="attachment",
        status="inherit",
        date=date,
        modified=date,
        slug=name,
        guid=f"%HOME%/wp-content/uploads/2024/05/{name}.jpg",
        title=name,
        parent=parent,
    )
