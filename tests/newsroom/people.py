"""The terms, users and comments that a newsroom starts with."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from tests.newsroom import prose, records
from tests.newsroom.content import mix
from tests.newsroom.initial_posts import BEGIN, DRAFT, FIRST, STRIDE, InitialPosts
from tests.newsroom.options import Options
from tests.newsroom.records import Comment, Term, User

FIRST_CATEGORY, FIRST_TAG, FIRST_BEAT = 2, 101, 9_001


def make_terms(options: Options) -> dict[str, dict[int, Term]]:
    """Taxonomy -> id -> term. Categories have three levels; one category and one beat have no posts."""
    categories = [Term(id=1, taxonomy="category", name="Uncategorized", slug="uncategorized")]
    for n in range(options.categories):
        name = prose.TOPICS[n % len(prose.TOPICS)] + (f" {n // 24 + 1}" if n >= len(prose.TOPICS) else "")
        parent = FIRST_CATEGORY + n // 3 if n % 3 == 1 and n > 3 else 0
        name = "Food &amp; Drink" if n == 19 else name
        categories.append(Term(id=FIRST_CATEGORY + n, taxonomy="category", name=name, slug=f"topic-{n}", parent=parent))
    tags = [
        Term(id=FIRST_TAG + n, taxonomy="post_tag", name=_tag_name(options.seed, n), slug=f"tag-{n}")
        for n in range(options.tags)
    ]
    beats = [
        Term(id=FIRST_BEAT + n, taxonomy="beat", name=f"{prose.TOPICS[n % 24]} beat", slug=f"beat-{n}")
        for n in range(options.beats)
    ]
    every = {"category": categories, "post_tag": tags, "beat": beats}
    return {taxonomy: {term.id: term for term in terms} for taxonomy, terms in every.items()}


def _tag_name(seed: int, n: int) -> str:
    matter = prose.MATTERS[n % len(prose.MATTERS)].removeprefix("the ")
    return f"{matter} {prose.PLACES[mix(seed, n, 9) % len(prose.PLACES)]} {n}"


def make_users(options: Options) -> dict[int, User]:
    """Id -> user. If there are at least two users, the last user has published nothing."""
    users = {}
    for n in range(1, options.users + 1):
        name = prose.PEOPLE[(n - 1) % len(prose.PEOPLE)] + (f" {n}" if n > len(prose.PEOPLE) else "")
        slug = name.lower().replace(" ", "-")
        published = n < options.users or options.users == 1
        users[n] = User(id=n, name=name, slug=slug, description=f"Writes for desk {n}.", published=published)
    return users


def make_comments(options: Options, initial_posts: InitialPosts, zone: ZoneInfo) -> Iterator[Comment]:
    """Threads of comments on the first posts, and one comment on a draft."""
    for n in range(options.comments):
        draw = mix(options.seed, n, 10)
        post = FIRST + STRIDE * (n // 5 * 3 % max(1, options.posts))
        text = initial_posts.writer.prose.paragraphs[draw % len(initial_posts.writer.prose.paragraphs)]
        yield Comment(
            id=1 + n,
            post=DRAFT if options.oddities and n == 12 else post,
            # Two comments at a time share a second.
            date=records.at(BEGIN + 86_400 * 400 + (n // 2) * 3_600, zone),
            author_name=prose.PEOPLE[draw % len(prose.PEOPLE)],
            content=f"<p>{text[:400]}</p>\n",
            parent=n if n % 5 in (1, 2) else 0,
            author=1 if n % 11 == 4 else 0,
        )
