"""Later crawls of a model site with a sitemap, a feed and pages: what stays known, and what is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsbot.wordpress.messages import Reply
from tests.unit.listed_site import (
    INDEX,
    LIST,
    addressed,
    dated_site,
    ids,
    index,
    listed_site,
    page,
    run,
    slugged,
    urlset,
)
from tests.unit.model_site import HOME, Object


def test_rows_found_by_a_sitemap_are_updated_and_deleted(tmp_path: Path) -> None:
    model = listed_site(by_slug=frozenset({5}), unseen=frozenset({6, 7}))
    model.web |= {"/post-6/": page(6), "/post-7/": page(7)}
    first, _ = run(tmp_path, model, "1")
    assert ids(first) == list(range(1, 31))
    update, facts = run(tmp_path, model, "2")
    assert (update, facts.mode, facts.verdict, facts.live) == ([], "update", "complete", 30), facts.why
    del model.web["/post-6/"]
    model.web["/post-7/"] = page(7).replace("Title 7", "Another title")
    lines = [
        f"<url><loc>{HOME}/post-{n}/</loc><lastmod>2026-09-01T00:00:00+00:00</lastmod></url>" for n in range(7, 31)
    ]
    lines += [f"<url><loc>{HOME}/post-{n}/</loc></url>" for n in range(1, 6)]
    model.web[LIST] = f"<urlset>{''.join(lines)}</urlset>"
    swept, facts = run(tmp_path, model, "3", sweep=True)
    assert [(row.id, row.change) for row in swept] == [(6, "deleted"), (7, "edited")]
    assert (facts.verdict, facts.live) == ("complete", 29), facts.why


def test_site_is_doubted_when_its_feed_shows_posts_that_the_api_hides(tmp_path: Path) -> None:
    model = listed_site()
    run(tmp_path, model, "1", site=(site := slugged()))
    assert not site.doubted
    for number in (31, 32):
        model.objects[number] = Object(number, 60 * number)
    model.by_slug = frozenset({31})
    entries = (f"<item><link>{HOME}/post-{n}/</link><guid>{HOME}/?p={n}</guid></item>" for n in (32, 31, 30))
    model.web["/feed/"] = f"<rss version='2.0'><channel><title>A</title>{''.join(entries)}</channel></rss>"
    rows, facts = run(tmp_path, model, "2", site=site)
    assert (ids(rows), site.doubted, facts.verdict) == ([31, 32], True, "complete"), facts.why


def feed_of(*numbers: int) -> str:
    entries = (f"<item><link>{HOME}/post-{n}/</link><guid>{HOME}/?p={n}</guid></item>" for n in numbers)
    return f"<rss version='2.0'><channel><title>A</title>{''.join(entries)}</channel></rss>"


def test_site_whose_feed_always_shows_hidden_rows_is_discovered_again_once_a_week(tmp_path: Path) -> None:
    model, site = dated_site(1_200), addressed()
    run(tmp_path, model, "1", site=site)
    doubted = []
    for day in range(2, 12):
        model.today = f"2026-01-{day:02}"
        hidden, shown = 1_500 + 2 * day, 1_501 + 2 * day
        yesterday = 86_400 * (729 + day)
        model.objects |= {number: Object(number, yesterday + number) for number in (hidden, shown)}
        model.by_slug |= {hidden}
        model.web["/feed/"] = feed_of(shown, hidden, 1_200)
        site.doubted = False
        _, facts = run(tmp_path, model, f"{day}", site=site)
        assert facts.verdict == "complete", facts.why
        doubted.append(site.doubted)
    assert doubted == [True, *[False] * 6, True, False, False]


@pytest.mark.parametrize("count", [30, 400])
def test_rows_that_are_only_counted_are_accepted_until_their_number_grows(tmp_path: Path, count: int) -> None:
    """A plugin hides a row from the API and from the sitemap, and WordPress counts it."""
    model = dated_site(count)
    model.objects[5].hidden = True
    model.web[LIST] = urlset(f"/post-{number}/" for number in model.objects if number != 5)
    for number in ("1", "2", "3"):
        _, facts = run(tmp_path, model, number)
        assert (facts.verdict, facts.hidden, facts.unexplained) == ("complete", 1, 0), (number, facts.why)
    model.objects[count + 1] = Object(count + 1, 60 * count + 60, hidden=True)
    _, facts = run(tmp_path, model, "4")
    assert facts.verdict == "incomplete", facts.why


def test_failed_request_for_the_sitemap_is_not_repeated_in_each_run(tmp_path: Path) -> None:
    model = listed_site()
    model.web[INDEX] = Reply(status=0, url=f"{HOME}{INDEX}", error="tls")
    _, facts = run(tmp_path, model, "1")
    assert (facts.verdict, facts.witnesses["sitemap"]) == ("complete", {"why": "the TLS connection failed"})
    model.visited.clear()
    run(tmp_path, model, "2")
    assert model.visited == []


def test_article_that_is_missing_stays_missing_in_later_runs(tmp_path: Path) -> None:
    model = listed_site(unseen=frozenset({5}))
    model.web["/post-5/"] = Reply(status=500, url=f"{HOME}/post-5/")
    _, facts = run(tmp_path, model, "1")
    assert facts.verdict == "incomplete"
    for number in ("2", "3"):
        _, facts = run(tmp_path, model, number)
        assert (facts.mode, facts.verdict, list(facts.missing_urls)) == ("update", "incomplete", [f"{HOME}/post-5/"])
    model.web["/post-5/"] = page(5)
    rows, facts = run(tmp_path, model, "4", sweep=True)
    assert (ids(rows), facts.verdict) == ([5], "complete"), facts.why


def test_sitemaps_without_a_type_are_read_in_turn(tmp_path: Path) -> None:
    model = listed_site(unseen=frozenset({25}))
    names = [f"/news-{n}.xml" for n in range(1, 7)]
    model.web[INDEX] = index(*names)
    model.web |= {
        name: urlset(f"/post-{number}/" for number in range(first, first + 5))
        for name, first in zip(names, range(1, 31, 5), strict=True)
    }
    model.web["/post-25/"] = page(25)
    came = [ids(run(tmp_path, model, str(number), sweep=True)[0]) for number in range(1, 5)]
    assert [25] in came[1:]
