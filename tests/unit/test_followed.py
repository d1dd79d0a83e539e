"""The followed sites: the table in the archive, the actions of ``scrapy sites``, and what a check teaches."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.archive.due_sites import Counts, Demand, DueSites, followed_sites, follows_any
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.arguments.entries import entry_of, target_of
from newsbot.arguments.site_list import read_sites
from newsbot.errors import ArchiveError, BadArgument
from newsbot.extensions.followed import requests_of_update
from newsbot.follow.actions import Given, act
from newsbot.follow.checks import as_habit, learnt_of, present_threshold, rhythm_of, threshold_of
from newsbot.follow.named import check_follows, named_sites
from newsbot.items import Checkpoint, Post
from newsbot.schedule.due import LONGEST, Rhythm
from newsbot.schedule.learning import USUAL_COST, Learnt
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NEWS = FollowedSite(url="news.example", spider="wp_posts", entry={"url": "news.example"})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'newsbot.db'}"


@pytest.fixture
def archive(url: str) -> Iterator[Archive]:
    archive = Archive.open(url, run="run-1", clock=lambda: NOW)
    yield archive
    archive.close()


@pytest.fixture
def table(archive: Archive) -> Followed:
    return Followed(archive.database)


def test_followed_site_is_read_as_it_was_stored(table: Followed) -> None:
    site = replace(
        NEWS,
        every=3600,
        weight=2.5,
        site="https://news.example",
        checked=NOW,
        next_due=NOW + DAY,
        blocked_until=NOW + HOUR,
        failures=3,
        cost=4.5,
        habit={"days": 1.0},
        attention=0.7,
        verdict="blocked",
        run="run-1",
    )
    table.add([site])
    table.keep(site)
    assert table.sites() == [site]


def test_order_is_never_checked_sites_then_longest_overdue_sites(table: Followed) -> None:
    for name, due in (("b", NOW), ("a", NOW + HOUR), ("c", None)):
        site = replace(NEWS, url=name, next_due=due)
        table.add([site])
        table.keep(site)
    assert [site.url for site in table.sites("wp_posts")] == ["c", "b", "a"]
    assert table.sites("wp_terms") == []


@pytest.mark.parametrize(
    ("site", "due"),
    [
        (NEWS, True),
        (replace(NEWS, next_due=NOW), True),
        (replace(NEWS, next_due=NOW + HOUR), False),
        (replace(NEWS, blocked_until=NOW + HOUR), False),
        (replace(NEWS, next_due=NOW - DAY, blocked_until=NOW - HOUR), True),
        (replace(NEWS, paused=True), False),
    ],
)
def test_site_is_due_unless_it_waits_or_is_paused(site: FollowedSite, due: bool) -> None:
    assert site.is_due(NOW) is due


def test_import_reports_new_changed_and_gone_sites_and_keeps_learnt_facts(table: Followed) -> None:
    sites = [replace(NEWS, url=name) for name in ("a", "b", "c")]
    assert table.add(sites, source="list.csv").new == ["a", "b", "c"]
    table.add([replace(NEWS, url="by hand")])
    table.keep(replace(NEWS, url="b", failures=2, next_due=NOW))
    table.pause(["b"], paused=True)
    again = table.add([sites[0], replace(sites[1], entry={"url": "b", "every": "1d"}, every=86_400)], source="list.csv")
    assert (again.new, again.changed, again.gone) == ([], ["b"], ["c"])
    (kept,) = table.sites(urls=["b"])
    assert (kept.failures, kept.next_due, kept.paused, kept.every) == (2, NOW, True, 86_400)
    assert {site.url for site in table.sites()} == {"a", "b", "c", "by hand"}
    assert table.add(sites, source="another list").gone == []


@pytest.mark.parametrize(
    ("every", "failures", "due"),
    [
        (3600, 0, NOW + HOUR),
        (7 * 86_400, 0, NOW + 7 * DAY),
        (None, 0, NOW + 7 * DAY),
        (30 * 86_400, 0, NOW + 30 * DAY),
        (3600, 1, NOW + 20 * DAY),
    ],
)
def test_changed_interval_changes_the_due_time(
    table: Followed, every: int | None, failures: int, due: datetime
) -> None:
    monthly = replace(NEWS, every=30 * 86_400)
    table.add([monthly])
    assert table.keep(replace(monthly, checked=NOW, next_due=NOW + (20 if failures else 30) * DAY, failures=failures))
    table.add([replace(NEWS, every=every)], longest=LONGEST)
    (site,) = table.sites()
    assert (site.every, site.next_due) == (every, due)


def test_check_that_began_before_a_change_of_the_site_stores_no_due_time(table: Followed) -> None:
    table.add([NEWS])
    assert not table.keep(replace(NEWS, every=3600, next_due=NOW))
    assert table.keep(replace(NEWS, next_due=NOW))
    table.remove([NEWS.url])
    assert not table.keep(replace(NEWS, next_due=NOW))


def test_publishing_habit_is_learnt_from_live_rows(archive: Archive, table: Followed) -> None:
    site = "https://news.example"
    for number, hours in ((1, 1), (2, 50), (3, 3), (4, -2)):
        published = (NOW - hours * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
        archive.add(Post(site=site, type="post", id=number, published=published))
    archive.commit(Checkpoint(site=site, type="post", sequence=4))
    assert sorted(table.published(site, "posts", since=NOW - DAY, until=NOW)) == [NOW - 3 * HOUR, NOW - HOUR]
    assert table.published(site, "terms", since=NOW - DAY, until=NOW) == []
    assert table.published("https://other.example", "posts", since=NOW - DAY, until=NOW) == []


# What a check teaches.


def test_first_check_learns_from_one_year_and_not_before_the_first_post() -> None:
    daily = [NOW - DAY * day for day in range(1, 15)]
    learnt = Learnt().succeed(checked=NOW, published=daily)
    assert learnt.since(NOW + DAY) == NOW == learnt.until
    assert learnt.habit.days == pytest.approx(14, rel=0.2)
    assert learnt.habit.posts_per_day == pytest.approx(1, rel=0.15)
    assert Learnt().since(NOW) == NOW - timedelta(weeks=52)


def test_year_without_posts_gives_a_low_rate() -> None:
    assert Learnt().succeed(checked=NOW).habit.posts_per_day < 0.02


def test_later_check_adds_the_posts_since_the_last_check() -> None:
    before = Learnt().succeed(checked=NOW, published=[NOW - DAY * day for day in range(1, 29)])
    after = before.succeed(checked=NOW + DAY, published=[NOW + HOUR * hour for hour in range(10)])
    assert sum(after.habit.hours) == pytest.approx(sum(before.habit.hours) * 0.5 ** (1 / 56) + 10)
    assert after.until == NOW + DAY


def test_cost_is_learnt_from_the_newest_checks() -> None:
    learnt = Learnt()
    assert learnt.cost == USUAL_COST
    assert learnt.succeed(checked=NOW, requests=None).cost == USUAL_COST
    assert learnt.succeed(checked=NOW, requests=14).cost == pytest.approx(7)
    assert Learnt(cost=1.0).succeed(checked=NOW, requests=0).cost == 1


def test_failure_starts_a_back_off_and_success_ends_it() -> None:
    failed = Learnt().fail().fail()
    when = failed.next_due(NOW, rhythm=Rhythm(), curve=failed.curve(1), threshold=1e9, rng=random.Random(1))
    assert NOW + timedelta(minutes=30) <= when <= NOW + timedelta(minutes=38)
    well = failed.succeed(checked=NOW)
    assert well.failures == 0
    assert (
        well.next_due(NOW, rhythm=Rhythm(), curve=well.curve(1), threshold=1e9, rng=random.Random(1)) == NOW + LONGEST
    )


def test_site_that_sent_retry_after_is_due_after_this_time() -> None:
    until = NOW + timedelta(days=30)
    for learnt in (Learnt(), Learnt().fail()):
        due = learnt.next_due(
            NOW,
            rhythm=Rhythm(every=HOUR),
            curve=learnt.curve(1),
            threshold=1,
            rng=random.Random(1),
            blocked_until=until,
        )
        assert due == until


def test_learnt_facts_are_stored_and_read() -> None:
    learnt = Learnt().succeed(checked=NOW, published=[NOW - HOUR], requests=3)
    stored = json.loads(json.dumps(as_habit(learnt)))
    again = learnt_of(replace(NEWS, habit=stored, cost=learnt.cost, failures=1))
    assert again.until == learnt.until
    assert again.habit.hours == pytest.approx(learnt.habit.hours, abs=0.001)
    assert (again.cost, again.failures) == (learnt.cost, 1)
    assert learnt_of(NEWS) == Learnt()


def test_cost_of_the_next_check_is_learnt_only_from_an_update() -> None:
    facts = SiteFacts(asked="news.example", requests=1)
    assert requests_of_update(facts) is None
    facts.collections["post"] = CollectionFacts(type="post", mode="update", requests=3)
    assert requests_of_update(facts) == 4
    facts.collections["page"] = CollectionFacts(type="page", mode="walk", requests=30)
    assert requests_of_update(facts) is None


def used_per_hour(sites: list[FollowedSite], threshold: float) -> float:
    """The checks' requests an hour at a threshold, where each site gathers attention evenly."""
    curve = Learnt().curve(1.0)
    used = 0.0
    for site in sites:
        interval = rhythm_of(site).next_check(NOW, curve, threshold=threshold) - NOW
        used += (site.cost or USUAL_COST) * HOUR / interval
    return used


def demand(site: FollowedSite, count: int) -> Demand:
    return Demand(attention=site.attention, cost=site.cost, every=site.every, sites=count)


def test_budget_of_requests_includes_sites_with_fixed_intervals() -> None:
    fixed = replace(NEWS, url="fixed", every=3600, cost=10.0)
    budget = 50.0
    threshold = threshold_of([demand(NEWS, 20), demand(fixed, 1)], requests_per_hour=budget)
    assert used_per_hour([NEWS] * 20 + [fixed], threshold) == pytest.approx(budget, rel=0.01)


def test_without_a_budget_each_site_is_checked_once_an_hour_on_average() -> None:
    threshold = threshold_of([demand(NEWS, 5)], requests_per_hour=0)
    assert used_per_hour([NEWS] * 5, threshold) == pytest.approx(5 * USUAL_COST, rel=0.01)
    assert threshold_of([], requests_per_hour=0) > 0


def test_equal_sites_form_one_demand_without_paused_sites(archive: Archive, table: Followed) -> None:
    sites = [replace(NEWS, url=str(n), attention=0.5001 + n / 10_000, cost=1.0) for n in range(3)]
    table.add([*sites, replace(NEWS, url="slow", every=60)])
    for site in sites:
        table.keep(site)
    table.pause(["2"], paused=True)
    found = DueSites(archive.database).demands()
    assert sorted(found, key=lambda of: of.sites) == [
        Demand(attention=None, cost=None, every=60, sites=1),
        Demand(attention=0.5, cost=1.0, every=None, sites=2),
    ]


def test_threshold_of_many_sites_is_reused_for_an_hour(archive: Archive, table: Followed) -> None:
    due = DueSites(archive.database)
    for sites, after, kept in ((2_000, HOUR / 2, True), (2_000, 2 * HOUR, False), (9, HOUR / 2, False)):
        due.keep_threshold(7.0, 123.0, sites=sites, now=NOW)
        assert (present_threshold(due, requests_per_hour=7.0, now=NOW + after) == 123.0) is kept


# Which sites are due.


def test_due_sites_are_ordered_and_the_others_are_counted(url: str, archive: Archive, table: Followed) -> None:
    assert DueSites(archive.database).overdue_seconds(NOW) is None
    for name, due, blocked, failures in (
        ("b", NOW, None, 0),
        ("a", NOW + HOUR, None, 2),
        ("c", None, None, 0),
        ("d", NOW - DAY, None, 0),
        ("held", None, NOW + DAY, 1),
        ("paused", NOW - DAY, None, 0),
    ):
        site = replace(NEWS, url=name, next_due=due, blocked_until=blocked, failures=failures, checked=due)
        table.add([site])
        table.keep(site)
    table.add([replace(NEWS, url="other", spider="wp_terms")])
    table.pause(["paused"], paused=True)
    chosen = followed_sites(url, "wp_posts", due=NOW)
    assert ([site.url for site in chosen.sites], chosen.not_due) == (["c", "d", "b"], 2)
    assert all(site.is_due(NOW) for site in chosen.sites)
    due_sites = DueSites(archive.database)
    assert [site.url for site in due_sites.due("wp_posts", NOW, limit=2)] == ["c", "d"]
    assert due_sites.counts(NOW, "wp_posts") == Counts(sites=6, due=3, paused=1, blocked=1, failing=2, unchecked=2)
    assert due_sites.counts(NOW).sites == 7
    assert due_sites.overdue_seconds(NOW) == DAY.total_seconds()
    assert due_sites.overdue_seconds(NOW - 2 * DAY) == 0
    assert [site.url for site in followed_sites(url, "wp_posts").sites] == ["c", "held", "d", "b", "a"]
    named = followed_sites(url, "wp_posts", due=NOW, only=("c", "held", "unknown"))
    assert ([site.url for site in named.sites], named.not_due) == (["c"], 2)
    assert (follows_any(url, "wp_posts"), follows_any(url, "wp_media")) == (True, False)
    table.pause(["other"], paused=True)
    assert follows_any(url, "wp_terms") is None, "the only site of wp_terms is paused"


def test_only_followed_sites_can_be_named(url: str, table: Followed) -> None:
    with pytest.raises(BadArgument, match="follows no site for wp_posts; scrapy sites add URL"):
        check_follows(url, "wp_posts")
    table.add(
        [replace(NEWS, url=name) for name in ("https://news.example/", "https://a.example/x,y", "paused.example")]
    )
    table.pause(["paused.example"], paused=True)
    check_follows(url, "wp_posts")
    named = ["https://a.example/x%2Cy", "https://NEWS.example:443", "news.example", "paused.example"]
    assert named_sites(url, "wp_posts", named) == "https://a.example/x%2Cy,https://news.example/,paused.example"
    with pytest.raises(BadArgument, match=r"^paused: paused\.example; scrapy sites resume URL ends the pause$"):
        named_sites(url, "wp_posts", ["paused.example"])
    unknown = ["http://news.example/", *(f"{n}.example" for n in range(6))]
    with pytest.raises(BadArgument) as refused:
        named_sites(url, "wp_posts", [*named, *unknown])
    assert str(refused.value) == (
        f"not followed by wp_posts: {', '.join(unknown[:5])}, ...; scrapy sites list shows the followed sites"
    )
    table.pause(["https://news.example/", "https://a.example/x,y"], paused=True)
    with pytest.raises(BadArgument, match="every site that wp_posts follows is paused; scrapy sites resume URL"):
        check_follows(url, "wp_posts")


# The actions.


def do(url: str, action: str, *words: str, **given: object) -> list[str]:
    return act(action, words, Given(**given), archive=url, now=NOW)  # type: ignore[arg-type]


def test_sites_are_added_listed_paused_resumed_and_removed(url: str) -> None:
    assert do(url, "add", "news.example", "blog.example", every="6h", types="post,page", weight=2.0) == [
        "2 new, 0 followed already, 0 of them changed"
    ]
    assert do(url, "pause", "blog.example") == ["paused: blog.example"]
    lines = do(url, "list")
    assert [line.split()[:4] for line in lines[3:]] == [
        ["blog.example", "wp_posts", "paused", "6h"],
        ["news.example", "wp_posts", "now", "6h"],
    ]
    assert lines[:2] == ["2 sites: 1 due, 1 paused, 0 blocked, 0 failing", "last check: 2 not checked yet"]
    assert [line.split()[0] for line in do(url, "due")[3:]] == ["news.example"]
    assert do(url, "resume", "blog.example") == ["resumed: blog.example"]
    assert do(url, "remove", "blog.example", "news.example") == ["removed: blog.example, news.example"]
    assert do(url, "list") == ["no site"]


def test_each_site_is_listed_as_json(url: str) -> None:
    do(url, "add", "news.example", every="6h", types="post,page", name="News")
    (line,) = do(url, "list", as_json=True)
    listed = json.loads(line)
    assert listed["entry"] == {"url": "news.example", "name": "News", "types": ["post", "page"], "every": "6h"}
    assert (listed["due"], listed["every"], listed["weight"], listed["next_due"]) == (True, 21_600, 1.0, None)


def test_long_list_begins_with_totals_and_shows_the_first_sites(url: str, tmp_path: Path) -> None:
    listed = tmp_path / "sites.txt"
    listed.write_text("".join(f"news-{number:03}.example\n" for number in range(250)), encoding="utf-8")
    lines = do(url, "import", str(listed))
    assert lines[0] == "250 new, 0 changed, 0 gone of 250 listed"
    assert (len(lines), lines[-1]) == (102, "... and 150 more new; --all shows all of 250")
    lines = do(url, "list")
    assert (len(lines), lines[-1]) == (104, "... and 150 more followed; --all shows all of 250")
    assert len(do(url, "list", every_site=True)) == 253
    assert len(do(url, "due", as_json=True)) == 250


def test_list_of_sites_is_imported_with_its_rules(url: str, tmp_path: Path) -> None:
    listed = tmp_path / "sites.toml"
    rule = '[[site.rule]]\nname = "ours"\nselect = [".ours"]\n'
    listed.write_text(f'[[site]]\nurl = "news.example"\nevery = "90m"\ndelay = 2.5\n{rule}', encoding="utf-8")
    assert do(url, "import", str(listed), spider="wp_media")[0] == "1 new, 0 changed, 0 gone of 1 listed"
    assert do(url, "import", str(listed), spider="wp_media")[0] == "0 new, 0 changed, 0 gone of 1 listed"
    (site,) = followed_sites(url, "wp_media").sites
    (target,) = read_sites(listed)
    assert target_of(site.entry) == target
    assert entry_of(target)["every"] == "90m"
    listed.write_text('[[site]]\nurl = "other.example"\n', encoding="utf-8")
    assert do(url, "import", str(listed), spider="wp_media")[1:3] == ["new      other.example", "gone     news.example"]


@pytest.mark.parametrize(
    ("action", "words", "given", "said"),
    [
        ("add", ["not a url"], {}, "not a web address"),
        ("add", ["news.example"], {"every": "5x"}, "every= takes"),
        ("add", ["user:secret@news.example"], {}, "takes no user name or password"),
        ("import", ["missing.csv"], {}, "cannot be read"),
        ("pause", ["not a url"], {}, "not a web address"),
    ],
)
def test_bad_arguments_are_refused_without_creating_an_archive(
    action: str, words: list[str], given: dict[str, str], said: str, url: str, tmp_path: Path
) -> None:
    with pytest.raises(BadArgument, match=said):
        do(url, action, *words, **given)
    assert list(tmp_path.iterdir()) == []


def test_site_that_is_not_followed_is_reported(url: str) -> None:
    do(url, "add", "news.example")
    with pytest.raises(BadArgument, match=r"paused; not followed: other\.example"):
        do(url, "pause", "other.example", "news.example")
    with pytest.raises(BadArgument, match="archive is off"):
        do("", "list")


def test_two_spellings_of_one_address_are_one_site(url: str, tmp_path: Path) -> None:
    spellings = ["https://News.example", "news.example:443/", "HTTPS://news.example./#top", "https://news.example"]
    assert do(url, "add", *spellings, "b\u00fccher.example") == ["2 new, 0 followed already, 0 of them changed"]
    listed = tmp_path / "sites.csv"
    listed.write_text("url,every\nhttps://NEWS.example/,6h\nxn--bcher-kva.example,\n", encoding="utf-8")
    assert do(url, "import", str(listed)) == [
        "0 new, 1 changed, 0 gone of 2 listed", "changed  https://News.example",
    ]  # fmt: skip
    (site,) = [site for site in followed_sites(url, "wp_posts").sites if "News" in site.url]
    assert (site.every, site.entry["url"]) == (21_600, site.url), "a crawl finds its site by the URL of its entry"
    assert do(url, "pause", "news.example") == ["paused: https://News.example"]
    assert do(url, "remove", "news.example", "b\u00fccher.example")[0].count(",") == 1
    assert do(url, "list") == ["no site"]


def test_similar_address_of_a_followed_site_is_added_with_a_warning(url: str) -> None:
    do(url, "add", "http://news.example/blog", "https://other.example")
    assert do(url, "add", "https://www.news.example/blog/", "https://third.example") == [
        "2 new, 0 followed already, 0 of them changed",
        "https://www.news.example/blog/ and http://news.example/blog are most likely one site; "
        "scrapy sites remove URL ends one of them",
    ]


def test_each_of_two_stored_spellings_of_one_address_can_be_removed(url: str, table: Followed) -> None:
    table.add([NEWS, replace(NEWS, url="https://news.example/")])
    assert do(url, "remove", "https://news.example/") == ["removed: https://news.example/"]
    assert do(url, "remove", "https://NEWS.example") == ["removed: news.example"]


def test_list_needs_an_archive(url: str) -> None:
    with pytest.raises(ArchiveError, match="no archive"):
        do(url, "list")


def test_running_process_continues_with_an_archive_that_a_newer_version_migrated(
    url: str, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with archive.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert followed_sites(url, "wp_posts").sites == [], "each run of a worker opens the archive anew"
    monkeypatch.setattr("newsbot.archive.database._served", set())
    with pytest.raises(ArchiveError, match="is newer"):
        followed_sites(url, "wp_posts")
