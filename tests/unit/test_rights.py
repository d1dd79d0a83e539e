"""What sites declare on the use of their content: each vocabulary's syntax, and what it means for a use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from newsbot.items import Post
from newsbot.rights.answers import combined, rights_in_headers, robots_words
from newsbot.rights.preferences import content_signal, content_usage
from newsbot.rights.robots_txt import matches, read_robots, robots_for
from newsbot.rights.uses import UseMeaning, meaning, strictest_meaning
from newsbot.rights.well_known import read_ai_txt, read_tdmrep
from newsbot.rights.words import lines, meanings
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.page_rights import page_rights
from newsbot.wordpress.receipt import SiteFacts
from tests.unit.model_site import HOME, ModelSite, Object, listen, site

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC_NC = "https://creativecommons.org/licenses/by-nc/4.0/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train-ai=n, search=y", {"train-ai": "n", "search": "y"}),
        ("  train-ai=n;scope=x , search=y  ", {"train-ai": "n", "search": "y"}),
        ('train-ai=y, train-ai, search=n, search="n"', {}),
        ("train-ai;allow=n, train-ai=y", {"train-ai": "y"}),
        ("Train-AI=n", {}),
        ("train-ai=n,", {}),
        ("train-ai=n search=y", {}),
        ("train-ai=maybe, other=y", {"other": "y"}),
        ("", {}),
    ],
    ids=range(9),
)
def test_last_value_of_a_key_in_content_usage_is_used(text: str, expected: dict[str, str]) -> None:
    assert content_usage(text) == expected


def test_content_signals_are_read_in_any_case_and_order() -> None:
    assert content_signal("Search=YES,ai-train=no, use=reference, nonsense") == {
        "search": "yes",
        "ai-train": "no",
        "use": "reference",
    }


ROBOTS = b"""License: https://news.example/license.xml
License: not a url
User-agent: GPTBot
Content-Usage: train-ai=y
Disallow: /

User-agent: OtherBot
User-agent: *
Content-Signal: search=yes, ai-train=no
Allow: /
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y
Content-Usage: /ai-ok/but/ train-ai=y  # a comment
content-usage :  /ai-ok/but/ train-ai=n
"""


def test_rights_of_the_longest_matching_path_in_robots_txt_apply() -> None:
    read = read_robots(ROBOTS, "newsbot")
    assert read["rsl"] == ["https://news.example/license.xml"]
    usage = {
        path: robots_for(read, f"https://news.example{path}")["content_usage"]["train-ai"]
        for path in ("/", "/ai-ok/x", "/ai-ok/but/x")
    }
    assert usage == {"/": "n", "/ai-ok/x": "y", "/ai-ok/but/x": "n"}
    assert robots_for(read, None)["content_signal"] == {"search": "yes", "ai-train": "no"}


def test_rights_are_read_from_the_group_for_newsbot_or_for_all() -> None:
    own = ROBOTS + b"\nUser-agent: NewsBot/1.0\nContent-Usage: search=y\n"
    assert read_robots(own, "newsbot")["rules"] == [{"path": "", "content_usage": {"search": "y"}}]
    # If the group for newsbot declares no rights, newsbot reads no rights from other groups.
    silent = ROBOTS + b"\nUser-agent: newsbot\nDisallow: /admin\n"
    assert "rules" not in read_robots(silent, "newsbot")
    assert read_robots(b"User-agent: GPTBot\nContent-Usage: train-ai=n\nDisallow: /\n", "newsbot") == {}
    assert read_robots(b"User-agent: *\nDisallow:\n", "newsbot") == {}


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("", "/x", True),
        ("/a", "/ab", True),
        ("/a$", "/ab", False),
        ("/a$", "/a", True),
        ("/*.jpg", "/x/y.jpg?z", True),
        ("/*.jpg$", "/x/y.jpg", True),
        ("/*.jpg$", "/x/y.jpg?z", False),
        ("/a*b*c", "/axxbyyc", True),
        ("/a*b*c", "/axxcyyb", False),
        ("/b", "/a/b", False),
    ],
    ids=range(10),
)
def test_paths_match_as_in_robots_txt(pattern: str, path: str, fits: bool) -> None:
    assert matches(pattern, path) is fits


def test_rights_are_read_from_headers() -> None:
    headers = {
        "content-usage": "train-ai=n",
        "tdm-reservation": "1",
        "tdm-policy": "https://news.example/policy.json",
        "x-robots-tag": "noindex, noai, googlebot: noarchive",
        "link": f'<{CC_BY}>; rel="license", <https://a.example/l.xml>; rel="license"; type="application/rsl+xml", '
        '<https://news.example/wp-json/>; rel="https://api.w.org/"',
    }
    assert rights_in_headers(headers) == {
        "content_usage": {"train-ai": "n"},
        "tdm_reservation": 1,
        "tdm_policy": "https://news.example/policy.json",
        "robots": ["noai"],
        "licenses": [CC_BY],
        "rsl": ["https://a.example/l.xml"],
    }
    # WordPress sends noindex with each answer of its API; on a page it is about the page.
    assert rights_in_headers({"x-robots-tag": "noindex"}) == {}
    assert rights_in_headers({"x-robots-tag": "noindex"}, is_page=True) == {"robots": ["noindex"]}
    assert rights_in_headers({"content-type": "text/html", "tdm-reservation": "yes"}) == {}


def test_robots_directives_for_other_crawlers_are_ignored() -> None:
    words = ("noai", "noarchive", "noindex")
    assert robots_words("googlebot: noindex, noai", words) == []
    assert robots_words("newsbot: noarchive", words) == ["noarchive"]
    assert robots_words("max-snippet:-1, NOAI, none", words) == ["noai", "noindex"]


def test_rights_are_read_from_meta_links_and_json_ld_of_a_page() -> None:
    html = f"""<head><meta name="robots" content="max-snippet:9"><meta name="Robots" content="noai, noimageai">
    <meta name="tdm-reservation" content="1"><link rel="license" href="/terms">
    <script type="application/ld+json">{{"@type": "NewsArticle", "license": {{"@id": "{CC_NC}"}}}}</script>
    <script type="application/rsl+xml"><rsl/></script></head><body><a rel="license" href="{CC_BY}">CC BY</a></body>"""
    headers = {"tdm-reservation": "0", "content-usage": "search=y"}
    found = page_rights(Reply(status=200, url="https://news.example/1/", body=html.encode(), headers=headers))
    assert found == {
        "content_usage": {"search": "y"},
        "tdm_reservation": 1,
        "robots": ["noai", "noimageai"],
        "licenses": ["https://news.example/terms", CC_BY, CC_NC],
        "rsl": ["inline"],
    }


def test_tdmrep_uses_the_first_rule_that_matches() -> None:
    rules = b"""[{"location": "/open/*.html$", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1,
    "tdm-policy": "https://news.example/p.json"}, {"location": "/", "tdm-reservation": 0}]"""
    assert read_tdmrep(rules) == {"tdm_reservation": 1, "tdm_policy": "https://news.example/p.json"}
    assert read_tdmrep(rules, "/open/a.html") == {"tdm_reservation": 0}
    for broken in (b"", b"<html>", b"{}", b'[{"location": 1}, 2, {"location": "/", "tdm-reservation": "x"}]'):
        assert read_tdmrep(broken) == {}


def test_ai_txt_is_read_for_every_crawler() -> None:
    assert read_ai_txt(b"User-Agent: *\nDisallow: *.jpg\nDisallow: *.html\n", "text/plain") == {"ai_txt": "no"}
    assert read_ai_txt(b"User-Agent: *\nDisallow: *.jpg\nAllow: *.html\n", "text/plain") == {"ai_txt": "yes"}
    assert read_ai_txt(b"User-Agent: x\nDisallow: /\n", "text/plain") == {"ai_txt": "yes"}
    assert read_ai_txt(b"<html>Disallow: /</html>", "text/plain") == {}
    assert read_ai_txt(b"User-Agent: *\nDisallow: /", "text/html") == {}


@pytest.mark.parametrize(
    ("statements", "search", "train", "archive"),
    [
        ({}, None, None, None),
        ({"content_usage": {"train-ai": "n", "search": "y"}}, True, False, None),
        ({"content_signal": {"search": "no", "ai-train": "yes"}}, False, True, None),
        ({"content_signal": {"ai-train": "yes"}, "content_usage": {"train-ai": "n"}}, None, False, None),
        ({"tdm_reservation": 1}, None, False, None),
        ({"tdm_reservation": 0}, None, True, None),
        ({"robots": ["noai"]}, None, False, None),
        ({"robots": ["noimageai"]}, None, None, None),
        ({"robots": ["noindex", "noarchive"]}, False, None, False),
        ({"ai_txt": "no"}, None, False, None),
        ({"rsl": ["https://a.example/l.xml"]}, None, False, None),
        ({"licenses": [CC_BY]}, None, True, True),
        ({"licenses": [CC_NC]}, None, False, None),
        ({"licenses": ["https://news.example/terms"]}, None, None, None),
    ],
    ids=range(14),
)
def test_each_vocabulary_has_a_meaning_for_each_use(
    statements: dict[str, Any], search: bool | None, train: bool | None, archive: bool | None
) -> None:
    found = {use: meaning(statements, use).allowed for use in ("search", "train", "archive")}
    assert found == {"search": search, "train": train, "archive": archive}


def test_noimageai_reserves_files_and_the_stricter_meaning_applies() -> None:
    assert meaning({"robots": ["noimageai"]}, "train", is_file=True) == UseMeaning(False, "noimageai")
    yes, no, silent = UseMeaning(True, "a"), UseMeaning(False, "b"), UseMeaning(None)
    assert strictest_meaning(yes, no) is no
    assert strictest_meaning(silent, yes) is yes
    assert strictest_meaning(silent, UseMeaning(None)) is silent


def test_reservation_overrides_an_earlier_permission() -> None:
    both = {"content_usage": {"train-ai": "y"}, "content_signal": {"ai-train": "no"}}
    assert meaning(both, "train") == UseMeaning(False, "Content-Signal ai-train=no")


def test_statements_are_printed_as_text() -> None:
    found = combined({"tdm_reservation": 0}, {"tdm_reservation": 1, "tdm_policy": "https://p.example", "ai_txt": "no"})
    assert lines(found) == [
        "TDMRep: tdm-reservation 1, policy https://p.example",
        "ai.txt: the text of pages for data sets: no",
    ]
    assert meanings(found) == {"search": "not declared", "train": "no (tdm-reservation: 1)", "archive": "not declared"}


def posts() -> Site:
    """A site whose index names the route of posts."""
    found = site()
    found.accepts["/wp/v2/posts"] = found.accepted("/wp/v2/posts")
    return found


class Declaring(ModelSite):
    """A site that reserves its rights with every answer."""

    def reply(self, query: Query) -> Reply:
        found = super().reply(query)
        return replace(found, headers={**found.headers, "tdm-reservation": "1", "x-robots-tag": "noindex"})


class Paid(ModelSite):
    """A site that asks for payment after the first page."""

    def reply(self, query: Query) -> Reply:
        return super().reply(query) if "after=" not in query.url else Reply(status=402, url=query.url, body=b"{}")


def test_rows_of_the_api_hold_the_rights_of_their_answer() -> None:
    objects = {number: Object(id=number, second=number) for number in (1, 2)}
    records, _ = listen(crawl_collections(posts(), Options(url=HOME), SiteFacts(asked=HOME)), Declaring(objects))
    assert [row.rights for row in records if isinstance(row, Post)] == [{"tdm_reservation": 1}] * 2


def test_payment_required_during_a_crawl_gives_verdict_payment() -> None:
    facts = SiteFacts(asked=HOME)
    objects = {number: Object(id=number, second=number) for number in range(1, 150)}
    records, _ = listen(crawl_collections(posts(), Options(url=HOME, follow=frozenset()), facts), Paid(objects))
    assert len(records) == 100
    assert (facts.verdict, facts.collections["post"].faults["payment"]) == ("payment", 1)
