"""What repeats in nearly all posts of a site is proposed as rules for a site list, and never removed by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsbot.arguments.site_list import read_sites
from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.repeated import FEWEST, Repeats, as_site
from newsbot.commands.clean import posts_of

SITE = "https://news.example/"
PLEA = '<p>The Gazette lives on <a href="/give">its readers</a> (since 1901), and it\'s yours; give.</p>'
SIGNED = "<p>Desk of the Gazette<br>Quay 1</p>"
LONG = f"<p>{'Long furniture of many words stands here. ' * 6}</p>"


def story(number: int) -> str:
    day = "".join(f"<p>On day {number} the crane {part} was seen above the quay by many.</p>" for part in range(9))
    return f"<h3>From the quay!</h3>{day}{SIGNED}{PLEA}<p>Once {number}</p>{LONG}"


def repeats(posts: int) -> Repeats:
    found = Repeats()
    for number in range(posts):
        found.add(clean(story(number), base_url=SITE).html)
    return found


def test_proposed_rules_remove_only_repeated_text(tmp_path: Path) -> None:
    lines = list(as_site(SITE, repeats(FEWEST)))
    (tmp_path / "sites.toml").write_text("\n".join(lines), encoding="utf-8")
    (target,) = read_sites(tmp_path / "sites.toml")
    text = clean(story(99), base_url=SITE, rules=target.cleaning_rules()).text
    assert "On day 99 the crane 0" in text and "On day 99 the crane 8" in text and "Once 99" in text
    assert not any(words in text for words in ("From the quay", "Desk of the Gazette", "lives on"))
    assert any(line.startswith('# no rule by its words reaches "long furniture') for line in lines)


def test_too_few_posts_give_no_rules() -> None:
    assert repeats(FEWEST - 1).found() == []
    assert "too few" in "\n".join(as_site(SITE, repeats(FEWEST - 1)))


def test_text_in_few_posts_or_in_the_middle_is_not_repeated_text() -> None:
    found = Repeats()
    for number in range(40):
        shown = PLEA if number % 4 else ""
        middle = "<p>The same words in the middle.</p>"
        found.add(f"{''.join(f'<p>{number} {part}</p>' for part in range(9))}{middle}"
                  f"{''.join(f'<p>{number} end {part}</p>' for part in range(9))}{shown}")  # fmt: skip
    assert found.found() == []
    assert "nothing repeats" in "\n".join(as_site(SITE, found))


def test_number_of_kept_counts_does_not_grow_with_the_posts() -> None:
    found = repeats(FEWEST)
    kept = len(found._counts)
    for number in range(FEWEST, 3 * FEWEST):
        found.add(story(number))
    assert len(found._counts) == kept


@pytest.mark.parametrize("indent", [None, 1])
def test_posts_are_read_from_rest_objects_and_feeds(indent: int | None) -> None:
    raw = json.dumps([{"link": f"{SITE}a/", "content": {"rendered": "<p>A</p>"}}, 3], indent=indent).encode()
    assert list(posts_of(iter(raw.splitlines(keepends=True)))) == [(SITE, "<p>A</p>")]
    row = json.dumps({"site": SITE, "content_html": "<p>B</p>"}).encode()
    assert list(posts_of(iter([row, b"no json", b'{"site": 1}']))) == [(SITE, "<p>B</p>")]
