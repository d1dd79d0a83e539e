"""Examinations with prepared replies: what is asked, and what the doctor reports."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from newsbot.doctor.budget import Budget, BudgetSpent
from newsbot.doctor.cost import cost_of
from newsbot.doctor.examination import examine
from newsbot.doctor.findings import Findings, findings_of
from newsbot.doctor.plugins import find_plugins
from newsbot.doctor.text import report_of, table
from newsbot.wordpress.messages import Query, Reply

HOME = "https://news.example"
PAGE = (
    '<html lang="en-GB"><head><meta name="generator" content="WordPress 6.5.2"><link rel="alternate" '
    'type="application/rss+xml" href="https://news.example/feed/"></head><body>Hello</body></html>'
)
ARGS: dict[str, Any] = {name: {} for name in ("after", "before", "exclude", "orderby", "modified_after", "per_page")}

Answers = dict[str, Any]


def posts_route(**args: Any) -> dict[str, Any]:
    return {"/wp/v2/posts": {"endpoints": [{"methods": ["GET"], "args": ARGS | args}]}}


def index(namespaces: tuple[str, ...] = ("wp/v2",), **args: Any) -> dict[str, Any]:
    about = {"name": "News", "home": HOME, "timezone_string": "Europe/Paris", "namespaces": list(namespaces)}
    return about | {"routes": posts_route(**args)}


def posts(count: int = 3, **content: Any) -> list[dict[str, Any]]:
    body = {"rendered": "<p>" + "word " * 40 + "</p>"} | content
    return [{"id": number, "link": f"{HOME}/{number}/", "content": body} for number in range(1, count + 1)]


TYPES = {"post": {"rest_base": "posts"}, "page": {"rest_base": "pages"}, "wp_block": {"rest_base": "blocks"}}


def healthy(**changed: Any) -> Answers:
    """Beginning of the path -> the JSON, text, or a whole Reply. The longest beginning that fits is the answer."""
    usual: Answers = {
        "/robots.txt": "Sitemap: https://news.example/map.xml",
        "/map.xml": "<urlset><url><loc>https://news.example/1/</loc></url></urlset>",
        "/wp-json/": index(),
        "/wp-json/wp/v2/": [{"id": 1}],
        "/wp-json/wp/v2/posts": posts(),
        "/wp-json/wp/v2/types": TYPES,
        "/": PAGE,
    }
    return usual | {path.replace("__", "/"): value for path, value in changed.items()}


def reply_to(query: Query, answers: Answers) -> Reply:
    place = query.url.removeprefix(HOME)
    fitting = [path for path in answers if place == path or (path != "/" and place.startswith(path))]
    if not fitting:
        return Reply(status=404, url=query.url, body=b"nothing here")
    found = answers[max(fitting, key=len)]
    if isinstance(found, Reply):
        return found
    headers = {"x-wp-total": "1234"} if isinstance(found, list) else {}
    body = found.encode() if isinstance(found, str) else orjson.dumps(found)
    return Reply(status=200, url=query.url, headers=headers, body=body)


def diagnose(
    answers: Answers, *, most: int = 99, delay: float = 1.0, crawl_delay: float | None = None, asked: str = HOME
) -> Findings:
    steps, reply = examine(asked), None
    urls: list[str] = []
    while True:
        try:
            query = steps.send(reply)
        except StopIteration as end:
            return findings_of(
                end.value, delay=delay, crawl_delay=crawl_delay, requests=len(urls), spent=len(urls) >= most
            )
        assert query.url not in urls
        if len(urls) < most:
            urls.append(query.url)
            reply = reply_to(query, answers)
        else:
            reply = Reply(status=0, url=query.url, error="stopped")


def refused(status: int, code: str) -> Reply:
    body = orjson.dumps({"code": code, "message": "No.", "data": {"status": status}})
    return Reply(status=status, url=HOME, body=body)


def test_healthy_site_is_reported_with_all_facts() -> None:
    found = diagnose(healthy(), delay=2.0)
    assert (found.can_crawl, found.by, found.wordpress, found.version) == (True, "api", True, "6.5.2")
    assert (found.timezone, found.language, found.permalinks) == ("Europe/Paris", "en-GB", "pretty")
    assert {collection.type: collection.total for collection in found.collections} == dict.fromkeys(
        ("post", "page", "attachment", "comment"), 1234
    )
    assert (found.feed, found.feed_asked) == (f"{HOME}/feed/", False)
    assert found.sitemaps == {f"{HOME}/map.xml": "1 URLs"}
    assert found.obstacles == []
    assert found.cost is not None
    assert (found.cost.requests, found.cost.minutes) == (43, 1.4)
    assert found.command == f"scrapy crawl wp_posts -a site={HOME}"
    # robots.txt, index, home page, posts, types, sitemap, two files on rights, and a total each of three collections.
    assert found.requests == 11
    assert "in the way    nothing seen" in report_of(found)
    assert "one language" not in report_of(found)


def test_languages_and_language_plugin_of_a_site_are_reported() -> None:
    links = "".join(f'<link rel="alternate" hreflang="{tag}" href="/{tag}/">' for tag in ("de-DE", "fr", "x-default"))
    many = index(("wp/v2", "pll/v1", "yoast/v1"), lang={"enum": ["de", "fr"]})
    found = diagnose(healthy() | {"/wp-json/": many, "/": PAGE.replace("</head>", f"{links}</head>")})
    assert found.languages == ["de", "fr", "de-DE"]
    assert found.plugins == {"language": ["Polylang"], "SEO": ["Yoast SEO"]}
    assert "(a total may count one language only; a crawl brings all)" in report_of(found)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"/wp-json/": index(per_page={"maximum": 20})}, "the API gives at most 20 posts a page"),
        ({"/wp-json/wp/v2/posts": posts(rendered="")}, "the API gives posts without their content"),
        ({"/wp-json/wp/v2/posts": posts(protected=True)}, "the newest posts are protected by passwords"),
        ({"/wp-json/wp/v2/posts": f"Notice: x{orjson.dumps(posts()).decode()}"}, "the API sends text before its JSON"),
        ({"/wp-json/wp/v2/types": refused(403, "no")}, "the site does not list its types"),
        ({"/": f"{PAGE}<script src='https://cdn.tinypass.com/x.js'>"}, "articles may be locked: Piano"),
        ({"/map.xml": Reply(status=402, url=HOME)}, "the site asks for payment (HTTP 402"),
    ],
    ids=("cap", "no-content", "protected", "notice", "types", "paywall", "payment"),
)
def test_each_obstacle_is_reported_in_one_line(changed: Answers, line: str) -> None:
    found = diagnose(healthy() | changed)
    assert found.can_crawl
    assert [told_line for told_line in found.obstacles if told_line.startswith(line)], found.obstacles


def test_cost_includes_one_request_for_each_body_from_a_page() -> None:
    found = diagnose(healthy() | {"/wp-json/wp/v2/posts": posts(rendered="")})
    assert found.cost is not None
    assert (found.cost.requests, found.cost.megabytes) == (43 + 1234, None)


def test_site_with_a_closed_api_can_be_crawled_by_feed_and_pages() -> None:
    closed = dict.fromkeys(("/wp-json/", "/?rest_route", "/index.php"), refused(401, "rest_cannot_access"))
    found = diagnose(healthy() | closed)
    assert (found.can_crawl, found.by, found.wordpress) == (True, "feed and pages", True)
    assert found.why is not None
    assert found.why.startswith("the site keeps its REST API closed")
    assert found.cost is None
    bare = diagnose({"/": PAGE} | closed)
    assert (bare.can_crawl, bare.by, bare.command) == (False, None, None)


def test_a_bot_check_ends_the_examination_at_once() -> None:
    check = Reply(status=403, url=HOME, headers={"cf-mitigated": "challenge", "server": "cloudflare"})
    found = diagnose({"/wp-json/": check, "/": check})
    assert (found.can_crawl, found.wordpress, found.requests) == (False, None, 1)
    assert found.plugins == {"security": ["Cloudflare"]}
    lines = [line.strip() for line in report_of(found).splitlines()]
    # newsbot saw only the bot check, so no line says that something is missing on the site.
    assert [line.partition("  ")[0] for line in lines[1:]] == [
        *("crawl", "WordPress", "plugins", "in the way", "what to do", "asked"),
    ]
    assert "what to do    ask the site to let your address pass" in lines


def test_feed_of_a_page_without_wordpress_marks_is_not_requested() -> None:
    asked: list[str] = []
    found = diagnose(_noting({"/": "<html lang='de'><body>Joiner</body></html>"}, asked))
    assert (found.can_crawl, found.wordpress, found.language) == (False, False, "de")
    assert not any("feed" in place for place in asked)


class _noting(dict[str, Any]):  # noqa: N801
    """Answers that note the places that are looked up."""

    def __init__(self, answers: Answers, asked: list[str]) -> None:
        super().__init__(answers)
        self.asked = asked

    def __getitem__(self, place: str) -> Any:
        self.asked.append(place)
        return super().__getitem__(place)


def test_questions_that_were_not_asked_are_reported() -> None:
    found = diagnose(healthy(), most=9)
    assert [collection.type for collection in found.collections if collection.total is None] == [
        "attachment",
        "comment",
    ]
    assert (found.obstacles, found.asked_all) == ([], False)
    assert "comment: not asked" in report_of(found)
    assert report_of(found).endswith("9 requests, the most allowed; some questions were not asked")


def test_rules_of_robots_txt_are_reported_once() -> None:
    forbidden = Reply(status=0, url=HOME, error="robots", detail="no")
    found = diagnose({"/": forbidden, "/wp-json/": forbidden}, crawl_delay=30)
    assert not found.can_crawl
    assert found.obstacles[0] == "robots.txt forbids /wp-json/, /"
    assert found.obstacles[1] == "robots.txt asks for 30 s between two requests"


def test_a_budget_refuses_the_request_after_the_last() -> None:
    budget = Budget(most=2)
    budget.take()
    budget.take()
    assert not budget.spent
    with pytest.raises(BudgetSpent):
        budget.take()
    assert (budget.used, budget.spent) == (2, True)


def test_estimated_cost_is_near_the_measured_cost() -> None:
    # As measured on a look-alike newsroom: 24 requests for 300 posts, 38 with a few pages and stories.
    small = {"post": 300, "page": 12, "story": 25}
    assert 35 <= cost_of(small, per_page=100, delay=1.0, bytes_per_post=None).requests <= 42
    cost = cost_of({"post": 50_000}, per_page=100, delay=1.0, bytes_per_post=10_000)
    assert 18.5 <= cost.requests / 50 <= 24
    assert (cost.megabytes, cost.minutes) == (500.0, round(cost.requests / 60, 1))


def test_services_are_recognised_by_headers_and_marks() -> None:
    headers = {"cf-cache-status": "HIT", "server": "cloudflare", "x-served-by": "cache-fra-1"}
    found = find_plugins(["LiteSpeed/v1"], b"<!-- Performance optimized by W3 Total Cache -->", headers)
    assert found["cache"] == ["LiteSpeed Cache", "W3 Total Cache", "Cloudflare", "Fastly"]
    assert found["security"] == ["Cloudflare"]


def test_table_of_sites_escapes_text_of_a_site() -> None:
    one = diagnose(healthy())
    evil = Findings(asked="https://evil.example", obstacles=["a\nb", "c"])
    lines = table([one, evil]).split("\n")
    assert len(lines) == 3
    assert lines[1].split()[:4] == [HOME, "api", "6.5.2", "1,234"]
    assert lines[2].endswith("a\\nb (and 1 more)")


def test_declared_rights_are_reported_with_their_meaning() -> None:
    robots = "User-agent: *\nContent-Signal: search=yes, ai-train=no\n"
    tdm = [{"location": "/", "tdm-reservation": 1}]
    found = diagnose(healthy() | {"/robots.txt": robots, "/.well-known/tdmrep.json": tdm, "/ai.txt": "nothing"})
    assert found.rights == {"content_signal": {"search": "yes", "ai-train": "no"}, "tdm_reservation": 1}
    assert found.uses["search"] == "yes (Content-Signal search=yes)"
    assert "rights        Content-Signal: search=yes, ai-train=no" in report_of(found)
    assert "archive: not declared" in report_of(found)


def test_address_of_a_section_is_reported_and_its_site_is_examined() -> None:
    head = '<body class="archive category category-town category-7"></body>'
    api = '<link rel="https://api.w.org/" href="https://news.example/wp-json/">'
    answers = healthy() | {"/category/town/": f"<html><head>{api}</head>{head}</html>"}
    found = diagnose(answers, asked=f"{HOME}/category/town/")
    assert (found.site, found.command) == (HOME, f"scrapy crawl wp_posts -a site={HOME}")
    assert found.part is not None
    assert f"  address       {HOME}/category/town/ means a part of the site ({found.part})" in report_of(found)
