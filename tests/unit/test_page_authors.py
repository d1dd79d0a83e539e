"""The authors, the date and the title that a page declares or shows."""

from __future__ import annotations

import json

import pytest

from newsbot.items import Post
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.article_page import read_page
from newsbot.wordpress.pages.authors import divided

URL = "https://news.example/a/"


def post(*, head: str = "", body: str = "") -> Post:
    html = f"<html><head>{head}</head><body class='postid-1'>{body}<div class='entry-content'>Words</div></body></html>"
    found = read_page(Reply(status=200, url=URL, headers={}, body=html.encode()), url=URL, site=URL, type_="post").post
    assert found is not None
    return found


def names(found: Post) -> list[str | None]:
    return [author.name for author in found.authors or ([found.author] if found.author else [])]


def json_ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


PUBLISHER = {"publisher": {"@type": "Organization", "name": "The Quay"}}


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (json_ld(author=[{"name": "Ann Writer"}, {"name": "Jo Doe"}]), "", ["Ann Writer", "Jo Doe"]),
        (json_ld(author=["By Ann Writer", "Ann Writer"]), "", ["Ann Writer"]),
        (json_ld(author={"name": "Ann Writer, Jo Doe and Bo Ek"}), "", ["Ann Writer", "Jo Doe", "Bo Ek"]),
        (json_ld(author={"name": ", Ann Writer"}), "", ["Ann Writer"]),
        # The site's own name, an address and a number name no person.
        (json_ld(author={"name": "THE QUAY"}, **PUBLISHER), "<a rel=author>Ann Writer</a>", ["Ann Writer"]),
        (json_ld(author={"name": "The Quay"}, **PUBLISHER), "", ["The Quay"]),
        ("<meta name=author content=ann@quay.example>", "<a rel=author>Ann Writer</a>", ["Ann Writer"]),
        ("<meta name=author content=https://quay.example/ann>", "", []),
        ("<meta name=author content=105092>", "", []),
        ("<meta name=sailthru.author content='Ann Writer'>", "", ["Ann Writer"]),
        # The name that the theme shows as the author's, if it shows only one name.
        ("", "<address class=byline>By <a href=/ann/>Ann Writer</a></address>", ["Ann Writer"]),
        ("", "<a href='/author/ann/'>Ann Writer</a><a href='/author/ann/'>Ann Writer</a>", ["Ann Writer"]),
        ("", "<a href='/author/ann/'>Ann Writer</a><a href='/author/jo/'>Jo Doe</a>", []),
        ("", "<aside><a href='/author/ann/'>Ann Writer</a></aside>", []),
    ],
)
def test_authors_of_a_page_are_read(head: str, body: str, expected: list[str]) -> None:
    found = post(head=head, body=body)
    assert names(found) == expected
    assert (found.author.name if found.author else None) == (expected[0] if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Writer und Jo Doe", ["Ann Writer", "Jo Doe"]),
        ("Ann Writer & Jo van der Berg", ["Ann Writer", "Jo van der Berg"]),
        ("Doris Writer, MD, FOMA", None), ("Ann Writer und Jo Doe, Nairobi", None), ("Doe and Doe", None),
        ("Quay Staff and Ann Writer", None), ("José Ortega y Gasset", None), ("Writer, Ann", None),
    ],
)  # fmt: skip
def test_author_text_is_divided_when_each_part_is_a_name(text: str, expected: list[str] | None) -> None:
    assert divided(text) == (expected or [text])


@pytest.mark.parametrize(
    "head",
    [
        "<meta name='parsely-pub-date' content='2026-05-03T10:00:00Z'>",
        "<meta name='sailthru.date' content='2026-05-03 10:00:00+00:00'>",
        '<script type="application/ld+json">{"@type": "WebPage", "datePublished": "2026-05-03T10:00Z"}</script>',
    ],
)
def test_date_is_read_from_a_page_without_article_data(head: str) -> None:
    assert post(head=head).published == "2026-05-03T10:00:00Z"


@pytest.mark.parametrize(
    ("declared", "h1", "expected"),
    [
        ("Cranes | The Quay", "Cranes", "Cranes"),
        ("Cranes | The Quay | 3 May", "Cranes", "Cranes"),
        ("Cranes | Part 2", "Cranes | Part 2", "Cranes | Part 2"),
        ("Cranes | Part 2", "Another heading", "Cranes | Part 2"),
        ("Cranes - Part 2", "Cranes", "Cranes - Part 2"),
    ],
)
def test_title_is_cut_at_a_separator_like_the_heading(declared: str, h1: str, expected: str) -> None:
    assert post(head=f'<meta property="og:title" content="{declared}">', body=f"<h1>{h1}</h1>").title == expected


@pytest.mark.parametrize("part", ["@a.", "A, ", ",", "| ", "A and "])
def test_a_very_long_text_is_not_searched_for_names(part: str) -> None:
    # A search whose time grows with the square of the length does not end in time.
    long = f"A{part * 100_000}x"
    assert names(post(head=json_ld(author={"name": long}))) == [long]


@pytest.mark.parametrize(
    "text", ["ann@quay.example", "a.writer@news.quay.example", "<ann@quay.example>", "ann@quay.example."]
)
def test_an_email_address_is_no_author(text: str) -> None:
    assert names(post(head=json_ld(author={"name": text}))) == []
