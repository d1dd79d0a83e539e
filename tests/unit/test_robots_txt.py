"""Which group of a robots.txt applies to newsbot, and how much of the file is read. RFC 9309."""

from __future__ import annotations

from time import process_time

import pytest
from protego import Protego

from newsbot.net.user_agent import user_agent
from newsbot.politeness.robots_txt import PARSED_BYTES, first_part, for_product

REST = "https://news.example/wp-json/wp/v2/posts"


def allowed(text: str, url: str = REST, agent: str = "newsbot") -> bool:
    body = for_product(text.encode(), agent).decode("utf-8-sig")
    return bool(Protego.parse(body).can_fetch(url, agent))


@pytest.mark.parametrize(
    "name",
    [
        *("newsbot", "NewsBot", "newsbot/1.0", "NEWSBOT/0.1 (+https://x)", "newsbot crawler"),
        "newsbot # that one",
        "*",
        "* # all",
        "* everyone",
    ],
)
def test_group_with_the_name_of_newsbot_is_obeyed(name: str) -> None:
    for agent in ("newsbot", user_agent("https://example.org")):
        assert not allowed(f"User-agent: {name}\nDisallow: /wp-json/", agent=agent)
        assert not allowed(f"User-agent: other\nUser-agent: {name}\nDisallow: /wp-json/", agent=agent)


@pytest.mark.parametrize("name", ["news", "new", "bot", "newsbot2", "newsbot-image", "mynewsbot", "*bot", ""])
def test_group_of_another_crawler_is_ignored(name: str) -> None:
    others = f"User-agent: {name}\nDisallow:\n\n"
    assert not allowed(f"{others}User-agent: *\nDisallow: /wp-json/")
    assert not allowed(f"User-agent: *\nDisallow: /wp-json/\n\n{others}")
    assert allowed(f"User-agent: {name}\nDisallow: /wp-json/\n\nUser-agent: *\nDisallow:")


@pytest.mark.parametrize("text", ["\ufeffUser-agent: news\nAllow: /\n\n", "\ruseragent news\rAllow: /\r\r", ""])
def test_group_is_read_with_any_spelling_of_the_lines_before_it(text: str) -> None:
    assert not allowed(f"{text}User-agent: *\nDisallow: /wp-json/\n")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("10", 10), ("0.5", 0.5), ("10s", 10), ("1,5", 1.5), ("3 seconds # please", 3), ("2 sec", 2)),
        *(("soon", None), ("-1", None), ("10 minutes", None), ("1,5,7", None), ("", None), ("9" * 30, 1e30)),
    ],
)
def test_a_crawl_delay_is_read_with_its_unit_and_with_a_comma(text: str, seconds: float | None) -> None:
    for end in ("\n", "\r\n", "\r"):
        body = f"User-agent: *{end}crawl-Delay: {text}{end}Disallow: /a{end}"
        parser = Protego.parse(for_product(body.encode(), "newsbot").decode())
        assert parser.crawl_delay("newsbot") == seconds
        assert not parser.can_fetch("https://news.example/a", "newsbot")


def test_crawl_delay_before_many_spaces_is_read_in_linear_time() -> None:
    body = b"Crawl-delay: 1" + b" " * PARSED_BYTES + b"x\n"
    began = process_time()
    assert for_product(body, "newsbot") == body
    # A division of the spaces in every possible way takes hours.
    assert process_time() - began < 5


def test_groups_with_one_name_are_merged_and_the_longest_rule_applies() -> None:
    text = (
        "User-agent: newsbot/2\nDisallow: /\n\nUser-agent: *\nDisallow: /a\n\nUser-agent: NewsBot\nAllow: /wp-json/\n"
    )
    assert allowed(text)
    assert not allowed(text, "https://news.example/feed/")
    assert not allowed("User-agent: *\nDisallow: /caf%C3%A9/", "https://news.example/caf\u00e9/1")


def test_truncation_of_robots_txt_keeps_the_rules_before_it() -> None:
    rules = b"User-agent: *\rDisallow: /\r"
    assert first_part(rules) == rules
    assert first_part(rules + b"#" * PARSED_BYTES) == rules
    assert first_part(b"Disallow: /x" + b"y" * PARSED_BYTES).startswith(b"Disallow: /x")
    assert first_part(rules + b"# filler\n" * PARSED_BYTES).endswith(b"filler\n")
