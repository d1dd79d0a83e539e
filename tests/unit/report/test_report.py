"""``scrapy report``: what it shows, and that a site's strings stay text in a page that every reader can use."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from newsbot.archive import Archive, Crawled
from newsbot.archive.overview import SiteReceipt
from newsbot.errors import ArchiveError, BadArgument
from newsbot.items import Author, Post
from newsbot.report.attention import attention_to_gaps, attention_to_receipts, in_order
from newsbot.report.charts import posts_over_time
from newsbot.report.gaps import Gap, holes
from newsbot.report.report import Reported, write_report

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SITE, EVIL = "https://news.example", "https://evil.example"
SCRIPT = '<script>alert("x")</script>'


def every(days: int, *, of: int, begin: date = date(2024, 1, 1)) -> list[tuple[str, int]]:
    return [((begin + timedelta(days=number)).isoformat(), of) for number in range(days)]


@pytest.mark.parametrize(
    "days",
    [
        [],
        every(20, of=9),
        # A daily site without weekends, and three weeks of holidays in a site of one post a day.
        [day for day in every(300, of=9) if date.fromisoformat(day[0]).weekday() < 5],
        [one for one in every(300, of=1) if not "2024-07-01" < one[0] < "2024-07-20"],
        # A site with one post in two weeks: every gap is long.
        every(600, of=1)[::14],
    ],
    ids=["none", "few", "weekends", "holidays", "rare"],
)
def test_regular_pauses_are_no_holes(days: list[tuple[str, int]]) -> None:
    assert holes(days) == []


def test_largest_holes_are_listed_first() -> None:
    days = [
        day
        for day in every(400, of=5)
        if not ("2024-03-01" <= day[0] < "2024-03-11" or "2024-08-01" <= day[0] < "2024-09-01")
    ]
    assert holes(days) == [
        Gap(date(2024, 7, 31), date(2024, 9, 1), 31, 155),
        Gap(date(2024, 2, 29), date(2024, 3, 11), 10, 50),
    ]
    [attention] = attention_to_gaps(SITE, holes(days), "scrapy crawl wp_posts -a site=x")
    assert attention.what == "no posts from 2024-08-01 to 2024-08-31 (31 days, about 155 posts to expect), and 1 more"


def test_bars_are_months_and_years_beyond_ten_years() -> None:
    chart = posts_over_time([("2024-01-31", 3), ("2024-03-01", 1)])
    assert chart is not None
    assert [(bar.label, bar.posts) for bar in chart.bars] == [("2024-01", 3), ("2024-02", 0), ("2024-03", 1)]
    assert (chart.unit, chart.top, [bar.height for bar in chart.bars[1:]]) == ("month", 3, [0, 48.67])
    long = posts_over_time([("1999-12-31", 1), ("2024-03-01", 2)], [Gap(date(2001, 1, 1), date(2003, 1, 1), 729, 30)])
    assert long is not None
    assert (long.unit, len(long.bars), len(long.gaps)) == ("year", 26, 1)
    assert posts_over_time([("odd", 1)]) is None


def receipt(verdict: str, *, at: str = "2026-11-23T09:00:00+00:00", **facts: Any) -> tuple[str, SiteReceipt]:
    return "wp_posts", SiteReceipt(run="r", site=SITE, at=at, verdict=verdict, facts={"asked": f"{SITE}/", **facts})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (receipt("complete"), []),
        (receipt("blocked", why="robots.txt"), [("broken", "wp_posts: blocked, robots.txt")]),
        (
            receipt("incomplete", why="HTTP 500", collections={"post": {"missing": [1]}}),
            [("incomplete", "wp_posts: incomplete, HTTP 500")],
        ),
        (
            receipt("complete", collections={"post": {"missing_urls": {"/a": "x"}, "held_back": 7}, "odd": None}),
            [
                ("incomplete", "wp_posts: 7 rows of post seem deleted, too many at once to believe"),
                ("look", "wp_posts: 1 rows of post are listed and could not be read"),
            ],
        ),
        (receipt("complete", at="2026-09-01T00:00:00+00:00"), [("look", "wp_posts: not crawled since 2026-09-01")]),
    ],
)
def test_receipts_with_faults_need_attention(given: tuple[str, SiteReceipt], expected: list[tuple[str, str]]) -> None:
    found = in_order(attention_to_receipts([given], NOW))
    assert [(attention.level, attention.what) for attention in found] == expected
    assert all(one.step for one in found)


def archive(folder: Path) -> str:
    """An archive with two sites, a gap in time, odd strings, and two runs."""
    url = f"sqlite:///{folder / 'newsbot.db'}"
    for number, verdict in enumerate(("complete", "incomplete")):
        now = NOW - timedelta(days=1 - number)
        opened = Archive.open(url, run=f"r{number}", clock=lambda now=now: now)  # type: ignore[misc]
        opened.runs.start("wp_posts")
        if not number:
            for row, (day, _) in enumerate(every(300, of=5), 1):
                if not "2024-05-01" <= day < "2024-06-01":
                    for part in range(5):
                        opened.add(post(row * 10 + part, day, SCRIPT if row % 2 else "Ann Ünal"))
            opened.add(Post(site=EVIL, type="post", id=1, title="x", published="2024-01-01T00:00:00Z"))
        opened.flush()
        collections = {"post": {"new": 5, "edited": 1, "witnesses": {"sitemap": {"read": 1}, "missing": {}}}}
        rights = {
            "rules": [{"path": "", "content_signal": {"search": "yes", "ai-train": SCRIPT}}],
            "rsl": [f"{EVIL}/x"],
        }
        facts = {
            "rights": rights if number else {},
            "why": f"why {SCRIPT}",
            "asked": SITE,
            "total_requests": 9,
            "total_bytes": 2e6,
            "total_waited": 61.0,
        }
        opened.runs.conclude(
            "wp_posts",
            [
                Crawled(
                    site=SITE,
                    name="News",
                    asked=(SITE,),
                    verdict=verdict,
                    whole=True,
                    facts=facts | {"collections": collections},
                ),
                Crawled(site=EVIL, name=SCRIPT + "\u202e", asked=(EVIL,), verdict="complete", whole=True, facts={}),
            ],
        )
        opened.close()
    return url


def post(number: int, day: str, author: str) -> Post:
    by = Author(id=1, name=author)
    return Post(
        site=SITE,
        type="post",
        id=number,
        published=f"{day}T08:00:00Z",
        author=by,
        authors=[by],
        language="de",
        categories=["Politics & more", SCRIPT],
        content_text="words",
        word_count=100,
    )


@pytest.fixture(scope="module")
def page_and_counts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Reported]:
    folder = tmp_path_factory.mktemp("report")
    reported = write_report(folder / "report.html", archive=archive(folder), site=None, runs=20, now=NOW)
    return (folder / "report.html").read_text(encoding="utf-8"), reported


def test_report_lists_sites_runs_and_faults(page_and_counts: tuple[str, Reported]) -> None:
    text, reported = page_and_counts
    assert (reported.sites, reported.runs, reported.attention) == (2, 2, 2)
    page = lxml_html.fromstring(text)
    [incomplete, hole] = [" ".join(entry.text_content().split()) for entry in page.cssselect("ol.attention li")]
    assert incomplete.startswith(f"Incomplete: {SITE} wp_posts: incomplete, why <script>")
    assert "no posts from 2024-05-01 to 2024-05-31 (31 days, about 155 posts to expect)" in hole
    runs = [[cell.text_content().strip() for cell in row] for row in page.cssselect("#runs ~ .scroll tbody tr")]
    assert [run[0] for run in runs] == ["2026-11-23 10:00 open", "2026-11-22 10:00 open"]
    assert runs[1][1:] == ["wp_posts", "2 complete", "5", "1", "0", "9", "2", "0 s", "–", "61 s", "sitemap"]
    ranked = [one.text_content().split() for one in page.cssselect(".ranking li")]
    assert ["de", "1,345"] in ranked
    assert ["Politics", "&", "more", "1,345"] in ranked
    assert "100 words a post" in text
    # The rights are those of the newest run that read robots.txt. A site without such a run has no line of rights.
    [rights] = [" ".join(paragraph.text_content().split()) for paragraph in page.cssselect("p.rights")]
    assert rights.startswith("Rights that robots.txt declares: Content-Signal: search=yes, ai-train=<script>")
    assert f"RSL licence: {EVIL}/x Use for search: yes (Content-Signal search=yes)" in rights


def test_strings_of_a_site_are_escaped(page_and_counts: tuple[str, Reported]) -> None:
    text, _ = page_and_counts
    assert "<script" not in text
    assert "\u202e" not in text
    assert all(one.startswith(("#", "https://")) for one in re.findall(r"""(?:src|href)=["']([^"']*)""", text))
    assert "default-src 'none'" in text


def test_report_has_labels_for_screen_readers(page_and_counts: tuple[str, Reported]) -> None:
    page = lxml_html.fromstring(page_and_counts[0])
    assert page.get("lang") == "en"
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    labelled = [names.split() for one in page.iter() if (names := one.get("aria-labelledby"))]
    assert all(named in ids for names in labelled for named in names)
    # Several sites may have the same name, so the label holds the address too.
    assert all(names[1:] == [names[0].replace("site", "address")] for names in labelled if "site-" in names[0])
    assert all(svg.get("role") == "img" and svg.find(".//title") is not None for svg in page.iter("svg"))
    assert all(cell.get("scope") in ("col", "row") for cell in page.iter("th"))
    labels = [region.get("aria-label") for region in page.cssselect('[role="region"]')]
    assert len(labels) == len(set(labels))
    levels = [int(str(heading.tag)[1]) for heading in page.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_report_on_one_site_and_on_an_unknown_site(tmp_path: Path) -> None:
    url = archive(tmp_path)
    reported = write_report(tmp_path / "one.html", archive=url, site="evil.example/", runs=1, now=NOW)
    assert (reported.sites, reported.posts, reported.runs) == (1, 1, 1)
    with pytest.raises(BadArgument, match="no rows and no receipt of the site none"):
        write_report(tmp_path / "none.html", archive=url, site="none.example", runs=1, now=NOW)
    with pytest.raises(ArchiveError, match="there is no archive"):
        write_report(tmp_path / "none.html", archive=f"{url}x", site=None, runs=1, now=NOW)
    assert not (tmp_path / "none.html").exists()
