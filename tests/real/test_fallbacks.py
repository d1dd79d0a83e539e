"""Whole crawls of a real WordPress whose REST API is closed to visitors, compared with its SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.crawl.scrapy_crawl import Run, crawl
from tests.real import truth
from tests.real.reading import letters
from tests.real.spread import spread
from tests.real.test_crawl import folded, zulu
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real

CLOSED = "add_filter('rest_authentication_errors', fn() => new WP_Error('closed', 'No.', ['status' => 401]));\n"
NO_FEEDS = "foreach (['do_feed_rss2', 'do_feed_atom'] as $f) add_action($f, fn() => wp_die('No feed.', '', 404), 1);\n"
SCRIPTED = """
add_filter('the_content', fn($html) => '<div id="here"></div><script>document.getElementById("here").innerHTML = '
    . json_encode($html, JSON_HEX_TAG) . ';</script>', 99);
"""
NO_SITEMAPS = "add_filter('wp_sitemaps_enabled', '__return_false');\n"
FIFTY = "add_filter('pre_option_posts_per_rss', fn() => 50);\n"
FORBIDDEN = "add_filter('robots_txt', fn($text) => $text . \"\\nDisallow: /wp-json/\\n\");\n"


def facts(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.receipt()["sites"][0]["collections"]["post"]
    return found


def differences(row: dict[str, Any], true: dict[str, Any]) -> list[str]:
    # A zero date is not a date. The theme of 6.8 shows no date on an article's page: then the row has null, never a
    # wrong date.
    shown = row["published"] is not None or row["via"] == "feed"
    published = (zulu(true["date_gmt"]) or row["published"]) if shown else None
    pairs: dict[str, tuple[Any, Any]] = {
        "url": (row["url"], true["link"]),
        "slug": (row["slug"], true["slug"]),
        "title": (letters(row["title"]), folded(true["title"])),
        "published": (row["published"], published),
        "modified": (row["modified"], zulu(true["modified_gmt"]) if row["modified"] else None),
        "author name": ((row["author"] or {}).get("name"), true["author_name"]),
        "protected": (row["protected"], bool(true["protected"])),
        "text": (folded(row["content_text"]), "" if true["protected"] else folded(true["content"])),
    }
    return [f"{name}: {ours!r} is not {theirs!r}" for name, (ours, theirs) in pairs.items() if ours != theirs]


def compare(run: Run, true: dict[int, dict[str, Any]]) -> dict[int, list[str]]:
    """The differences by id, after the ids themselves: each once, none missing, none extra."""
    ids = [row["id"] for row in run.rows()]
    assert len(ids) == len(set(ids)), "doubled"
    assert set(ids) == set(true), "missing or extra"
    found = {row["id"]: differences(row, true[row["id"]]) for row in run.rows()}
    return {row_id: lines for row_id, lines in found.items() if lines}


def of_wordpress_itself(site: WordPress) -> set[int]:
    """Posts that WordPress shows in another form than SQL holds them. WordPress strips the tags of a title and keeps
    their words. Feeds and block themes show only the first page of an article that ``<!--nextpage-->`` divides. When
    the clock is set back in autumn, an hour occurs twice; a page's date then means the second hour."""
    named = truth.named(site)
    return {named["tagged"], named["paged"], named["autumn_first"]}


@spread("wordpress", "wordpress_61")
def test_every_public_post_comes_by_feed(wordpress: WordPress, tmp_path: Path) -> None:
    wordpress.forget_requests()
    with wordpress.mu_plugin("closed", CLOSED + FIFTY):
        run = crawl(tmp_path, "wp_posts", site=wordpress.url)
    true = truth.posts(wordpress)
    wrong = compare(run, true)
    assert set(wrong) <= of_wordpress_itself(wordpress), wrong
    collection = facts(run)
    assert (run.status, collection["verdict"], collection["delivered"]) == (0, "complete", len(true)), collection["why"]
    assert collection["via"] == {"feed": len(true)}
    # Fifty posts a page, a page for each post whose guid holds no id, and the requests of discovery.
    assert len(wordpress.requests()) < len(true) / 50 + 60


@spread("wordpress", "wordpress_68")
def test_every_public_post_comes_by_sitemap_and_page(wordpress: WordPress, tmp_path: Path) -> None:
    # The first ids are the seed's unusual posts. The other ids are posts that share one second.
    posts = sorted(truth.posts(wordpress))
    few = [*range(1, 60), *posts[100:160]]
    listed = f"add_filter('wp_sitemaps_posts_query_args', fn($a) => $a + ['post__in' => [{','.join(map(str, few))}]]);"
    with wordpress.mu_plugin("closed", CLOSED + NO_FEEDS + listed):
        run = crawl(tmp_path, "wp_posts", site=wordpress.url)
    true = {row_id: row for row_id, row in truth.posts(wordpress).items() if row_id in few}
    wrong = compare(run, true)
    assert set(wrong) <= of_wordpress_itself(wordpress), wrong
    collection = facts(run)
    assert (run.status, collection["verdict"], collection["via"]) == (0, "complete", {"page": len(true)}), collection[
        "why"
    ]


def test_pages_of_known_posts_are_not_requested_again_while_the_api_stays_closed(
    wordpress_68: WordPress, tmp_path: Path
) -> None:
    few = sorted(truth.posts(wordpress_68))[100:140]
    listed = f"add_filter('wp_sitemaps_posts_query_args', fn($a) => $a + ['post__in' => [{','.join(map(str, few))}]]);"
    with wordpress_68.kept(), wordpress_68.mu_plugin("closed", CLOSED + NO_FEEDS + listed):
        first = crawl(tmp_path, "wp_posts", site=wordpress_68.url)
        wordpress_68.update_post(few[3], post_content="Edited")
        wordpress_68.forget_requests()
        again = crawl(tmp_path, "wp_posts", site=wordpress_68.url, output="again.jsonl")
        asked = wordpress_68.requests()
    assert (first.status, len(first.rows())) == (0, 40)
    assert [(row["id"], row["change"]) for row in again.rows("again.jsonl")] == [(few[3], "edited")]
    assert (again.status, facts(again)["kept"]) == (0, 39), again.said
    assert len(asked) < 20


@pytest.mark.usefixtures("chromium")
def test_articles_that_scripts_load_come_by_the_browser(wordpress_68: WordPress, tmp_path: Path) -> None:
    few = sorted(row_id for row_id, row in truth.posts(wordpress_68).items() if not row["protected"])[200:205]
    listed = f"add_filter('wp_sitemaps_posts_query_args', fn($a) => $a + ['post__in' => [{','.join(map(str, few))}]]);"
    with wordpress_68.mu_plugin("scripted", CLOSED + NO_FEEDS + listed + SCRIPTED):
        run = crawl(tmp_path, "wp_posts", site=wordpress_68.url)
    true = {row_id: row for row_id, row in truth.posts(wordpress_68).items() if row_id in few}
    wrong = compare(run, true)
    assert wrong == {}
    collection = facts(run)
    assert (run.status, collection["verdict"], collection["via"]) == (0, "complete", {"browser": 5}), collection["why"]


def test_feed_with_excerpts_is_completed_from_the_article_pages(wordpress_68: WordPress, tmp_path: Path) -> None:
    wordpress_68.set_permalinks("plain")
    with wordpress_68.kept(), wordpress_68.mu_plugin("closed", CLOSED):
        wordpress_68.option("rss_use_excerpt", "1")
        run = crawl(tmp_path, "wp_posts", site=wordpress_68.url, limit="12")
    wordpress_68.set_permalinks("pretty")
    true = truth.posts(wordpress_68)
    newest = sorted(true, key=lambda row_id: str(true[row_id]["date"]), reverse=True)[:12]
    rows = {row["id"]: row for row in run.rows()}
    assert (run.status, set(rows), facts(run)["via"]) == (0, set(newest), {"page": 12})
    for row_id, row in rows.items():
        assert folded(row["content_text"]) == folded(true[row_id]["content"])
        assert (row["published"], row["url"]) == (zulu(true[row_id]["date_gmt"]), f"{wordpress_68.url}/?p={row_id}")


def test_api_that_robots_txt_forbids_is_not_requested_by_another_url(wordpress_61: WordPress, tmp_path: Path) -> None:
    wordpress_61.set_permalinks("pretty")
    wordpress_61.forget_requests()
    with wordpress_61.mu_plugin("forbidden", FORBIDDEN):
        run = crawl(tmp_path, "wp_posts", site=wordpress_61.url, limit="5")
    assert (run.status, facts(run)["via"]) == (0, {"feed": 5})
    assert not [
        request.uri for request in wordpress_61.requests() if "wp-json" in request.uri or "rest_route" in request.uri
    ]


def test_site_without_api_feed_and_sitemap_is_reported_as_closed(wordpress_68: WordPress, tmp_path: Path) -> None:
    with wordpress_68.mu_plugin("closed", CLOSED + NO_FEEDS + NO_SITEMAPS):
        run = crawl(tmp_path, "wp_posts", site=wordpress_68.url)
    site = run.receipt()["sites"][0]
    assert (run.status, site["verdict"], run.rows()) == (1, "closed", [])
    assert "401" in site["why"]
    assert "Traceback" not in run.said
