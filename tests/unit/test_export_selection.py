"""Which rows an export means."""

from __future__ import annotations

import pytest

from newsbot.errors import BadArgument
from newsbot.export.selection import Selected, choose

A, B = "https://a.example", "https://b.example/news"
ARCHIVED = [
    (A, "category", "terms"), (A, "event", "posts"), (A, "event", "terms"), (A, "page", "posts"), (A, "post", "posts"),
    (B, "post", "posts"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("site", "types", "kind", "selected"),
    [
        (None, None, None, Selected(kind="posts")),
        (None, "post", None, Selected(kind="posts", types=("post",))),
        ("b.example/news/", "post", None, Selected(kind="posts", types=("post",))),
        (None, "page, post,", None, Selected(kind="posts", types=("page", "post"))),
        (None, "category,event", None, Selected(kind="terms", types=("category", "event"))),
        (None, "event", "terms", Selected(kind="terms", types=("event",))),
        (None, None, "users", Selected(kind="users")),
    ],
)
def test_named_site_type_and_kind_are_selected(
    site: str | None, types: str | None, kind: str | None, selected: Selected
) -> None:
    assert choose(ARCHIVED, site=site, types=types, kind=kind) == selected


def test_name_of_two_kinds_selects_the_posts_with_a_note() -> None:
    chosen = choose(ARCHIVED, site=A, types="event", kind=None)
    assert chosen.kind == "posts"
    assert chosen.note == "event names posts and terms; these are its posts (--kind terms)"


@pytest.mark.parametrize(
    ("site", "types", "kind", "said"),
    [
        ("c.example", None, None, f"no rows of the site c.example; it has {A}, {B}"),
        (None, "nosuch", None, "no rows of the type 'nosuch'; it has category, event, page, post"),
        (B, "page", None, "no rows of the type 'page'; it has post"),
        (None, "post,nosuch", None, "no rows of the type 'nosuch'"),
        (None, "page", "terms", "no rows of the type 'page'; it has category, event"),
        (None, "post,category", None, "post (posts) and category (terms); export each kind by itself"),
    ],
)
def test_unknown_name_is_refused_with_the_known_names(
    site: str | None, types: str | None, kind: str | None, said: str
) -> None:
    with pytest.raises(BadArgument) as refused:
        choose(ARCHIVED, site=site, types=types, kind=kind)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_name_in_an_empty_archive_is_refused() -> None:
    with pytest.raises(BadArgument, match="it has none"):
        choose([], site=None, types="post", kind=None)
