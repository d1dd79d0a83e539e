"""Crawls of whole collections of a model site: no row is lost or doubled, and every hole is named."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.items import Post
from newsbot.wordpress.collection.by_date import EXCLUDED
from newsbot.wordpress.collection.cursor import Cursor, Row
from newsbot.wordpress.collection.ids import every_id
from newsbot.wordpress.collection.site_ids import is_from_cache
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from tests.examples import examples
from tests.unit.model_site import HOME, ModelSite, Object, listen, site


def crawl(model: ModelSite, **options: Any) -> tuple[list[int], CollectionFacts]:
    facts = SiteFacts(asked=HOME)
    one = site()
    one.accepts["/wp/v2/posts"] = one.accepted("/wp/v2/posts")
    records, _ = listen(crawl_collections(one, Options(url=HOME, **options), facts), model)
    return [record.id for record in records], facts.collections["post"]


def objects(count: int, *, per_second: int = 1, **fields: Any) -> dict[int, Object]:
    # The ids fall while the dates rise, so that the order by id differs from the order by date.
    return {i: Object(id=i, second=(count - i) // per_second, **fields) for i in range(1, count + 1)}


@pytest.mark.parametrize("per_second", [1, 3, 99, 100, 101, 250, 2_000])
def test_rows_that_share_a_second_come_once(per_second: int) -> None:
    model = ModelSite(objects(2_050, per_second=per_second))
    ids, facts = crawl(model)
    excluded = [len(params["exclude"].split(",")) for _, params in model.asked if "exclude" in params]
    assert max(excluded, default=0) <= EXCLUDED, "WordPress repeats each excluded id in a header"
    assert sorted(ids) == list(range(1, 2_051))
    assert (facts.verdict, facts.seen, facts.missing) == ("complete", 2_050, [])


@pytest.mark.parametrize("trouble", ["refuses_exclude", "ignores_exclude"])
@pytest.mark.parametrize("per_second", [1, 40, 100, 101, 350])
def test_rows_come_completely_from_a_site_without_exclude(trouble: str, per_second: int) -> None:
    model = ModelSite(objects(720, per_second=per_second))
    setattr(model, trouble, True)
    ids, facts = crawl(model)
    assert sorted(ids) == list(range(1, 721))
    assert facts.verdict == "complete"


@pytest.mark.parametrize("cap", [10, 5])
@pytest.mark.parametrize("silent", [True, False])
def test_rows_come_completely_with_a_lowered_per_page(silent: bool, cap: int) -> None:
    ids, facts = crawl(ModelSite(objects(130, per_second=25), per_page_cap=cap, silent_cap=silent))
    assert sorted(ids) == list(range(1, 131))
    assert facts.verdict == "complete"


def test_listing_of_ids_uses_a_lowered_per_page() -> None:
    model = ModelSite(objects(45), per_page_cap=10)
    shown: set[int] = set()
    walk = Cursor(base={}, dated=False)
    talk = every_id(
        walk,
        lambda params: Query(url=site().api.url("/wp/v2/posts", params), purpose="sweep"),
        lambda row_id, raw: shown.add(row_id),
    )
    query = next(talk)
    with contextlib.suppress(StopIteration):
        while True:
            query = talk.send(model.reply(query))
    assert (sorted(shown), walk.unproven) == (list(range(1, 46)), False)


def test_hidden_rows_are_reported_as_unexplained_and_other_rows_come() -> None:
    found = objects(400)
    for i in range(100, 260):
        found[i].hidden = True
    ids, facts = crawl(ModelSite(found))
    assert sorted(ids) == [i for i in range(1, 401) if not 100 <= i < 260]
    assert (facts.verdict, facts.unexplained) == ("incomplete", 160)


@pytest.mark.parametrize("first", [1, 41])
def test_page_of_hidden_rows_does_not_end_a_listing_with_a_forced_page_size(first: int) -> None:
    found = {i: Object(id=i, second=i, hidden=first <= i < first + 11) for i in range(1, 101)}
    ids, facts = crawl(ModelSite(found, per_page_cap=10, silent_cap=True))
    assert (len(ids), facts.verdict, facts.unexplained) == (89, "incomplete", 11)


def test_too_many_hidden_rows_make_a_collection_incomplete() -> None:
    found = {i: Object(id=i, second=i, hidden=100 < i <= 2_300) for i in range(1, 2_601)}
    ids, facts = crawl(ModelSite(found))
    assert sorted(ids) == [*range(1, 101), *range(2_301, 2_601)]
    assert facts.verdict == "incomplete"
    assert facts.why == "2300 counted by the site but shown by no listing"


def test_rows_between_two_interrupted_listings_make_a_collection_incomplete() -> None:
    # No listing reaches the readable rows in the middle, and the second listing shows no row.
    found = {i: Object(id=i, second=i, hidden=not (i <= 100 or 2_301 <= i <= 2_600)) for i in range(1, 4_801)}
    ids, facts = crawl(ModelSite(found))
    assert sorted(ids) == list(range(1, 101))
    assert (facts.verdict, facts.why) == ("incomplete", "the listing of ids broke off")


def test_too_high_total_makes_a_collection_incomplete() -> None:
    ids, facts = crawl(ModelSite(objects(120), total=lambda n: n + 9_000))
    assert (len(ids), facts.verdict, facts.unexplained) == (120, "incomplete", 9_000)


@pytest.mark.parametrize("total", [lambda n: 0, lambda n: None, lambda n: n + 7, lambda n: max(0, n - 7)])
def test_rows_come_completely_with_wrong_totals(total: Any) -> None:
    ids, _ = crawl(ModelSite(objects(333, per_second=4), total=total))
    assert sorted(ids) == list(range(1, 334))


@pytest.mark.parametrize("said", [{"success": False, "error": "denied"}, {}])
def test_object_in_place_of_a_list_is_no_empty_collection(said: dict[str, Any]) -> None:
    class Denied(ModelSite):
        def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
            return 200, None, said

    ids, facts = crawl(Denied(objects(5)))
    assert (ids, facts.verdict, facts.why) == ([], "incomplete", "expected a list, got an object")


def test_post_whose_rendering_fails_is_named_and_skipped() -> None:
    found = objects(250)
    found[77].fatal = True
    ids, facts = crawl(ModelSite(found))
    assert sorted(ids) == [i for i in range(1, 251) if i != 77]
    assert (facts.verdict, facts.unreadable) == ("incomplete", [77])


def test_row_with_too_long_texts_is_named_and_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    class LongTexts(ModelSite):
        def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
            return super()._row(one, params) | ({"excerpt": {"rendered": "\U0001f600" * 5_000}} if one.id == 77 else {})

    monkeypatch.setattr("newsbot.wordpress.collection.intake.MOST_TEXT", 20_000)
    ids, facts = crawl(LongTexts(objects(250)))
    assert sorted(ids) == [i for i in range(1, 251) if i != 77]
    assert (facts.verdict, facts.unreadable, facts.faults["too-long"]) == ("incomplete", [77], 1)


def test_limit_brings_the_newest_in_few_requests() -> None:
    model = ModelSite(objects(500, per_second=7))
    ids, facts = crawl(model, limit=120, follow=frozenset())
    assert (len(ids), len(set(ids))) == (120, 120)
    assert max(found.second for found in model.objects.values() if found.id not in ids) <= min(
        model.objects[i].second for i in ids
    )
    assert (facts.verdict, len(model.asked)) == ("complete", 2)


def test_window_selects_rows_by_date() -> None:
    found = {i: Object(id=i, second=i * 3_600) for i in range(1, 400)}
    ids, _ = crawl(ModelSite(found), since="2024-01-05T00:00:00", until="2024-01-06T00:00:00")
    assert sorted(ids) == list(range(96, 120))


@pytest.mark.parametrize("refuses_exclude", [False, True])
def test_limit_counts_only_rows_of_the_window(refuses_exclude: bool) -> None:
    found = {i: Object(id=i, second=i * 3_600) for i in range(1, 400)}
    model = ModelSite(found, refuses_exclude=refuses_exclude)
    ids, facts = crawl(model, limit=10, until="2024-01-06T00:00:00", follow=frozenset())
    assert (sorted(ids), facts.verdict) == (list(range(110, 120)), "complete")
    assert len(model.asked) <= 10
    ids, facts = crawl(model, limit=30, since="2024-01-05T00:00:00", until="2024-01-06T00:00:00")
    assert sorted(ids) == list(range(96, 120))


@pytest.mark.parametrize("limit", [110, 240, 300])
def test_limit_is_kept_when_one_second_has_more_rows_than_a_page(limit: int) -> None:
    found = {i: Object(id=i, second=1_000 if i <= 250 else i - 500) for i in range(1, 700)}
    ids, _ = crawl(ModelSite(found), limit=limit)
    assert len(ids) == len(set(ids)) == limit
    assert sum(i <= 250 for i in ids) == min(limit, 250)


def test_links_are_joined_in_few_requests() -> None:
    found = objects(1_000)
    for i, one in found.items():
        one.author, one.image, one.tags = 1 + i % 3, 10_000 + i, (i % 40 + 1, 500 + i % 7)
    model = ModelSite(found, users=[1, 2, 3], media=range(10_001, 11_001), tags=[*range(1, 41), *range(500, 507)])
    facts = SiteFacts(asked=HOME)
    here = site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    records, _ = listen(crawl_collections(here, Options(url=HOME), facts), model)
    posts = [record for record in records if isinstance(record, Post)]
    assert all(post.author and post.author.name == f"n{post.author.id}" for post in posts)
    assert all(post.image and post.image.url == f"{HOME}/{post.image.id}.jpg" for post in posts)
    assert all(len(post.tags) == 2 for post in posts)
    assert len(model.asked) <= 40


def test_images_are_joined_when_the_newest_posts_have_none() -> None:
    found = objects(150)
    for i, one in found.items():
        one.image = 0 if one.second > 130 else 1_000 + i
    model = ModelSite(found, media=range(1_001, 1_151))
    facts = SiteFacts(asked=HOME)
    here = site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    records, _ = listen(crawl_collections(here, Options(url=HOME), facts), model)
    images = [record.image for record in records if isinstance(record, Post) and record.image]
    assert (len(images), all(image.url for image in images)) == (sum(one.image > 0 for one in found.values()), True)


def test_images_that_no_post_declares_are_requested_by_the_route_of_core() -> None:
    found = objects(900)
    for i, one in found.items():
        one.image = 0 if one.second > 890 else 1_000 + i
    model = ModelSite(found, declares_images=False)
    ids, facts = crawl(model)
    assert (len(ids), facts.verdict, facts.links["media_dangling"]) == (900, "complete", 891)
    assert len(model.asked) < 30


def test_forced_page_size_loses_no_linked_object_and_no_post() -> None:
    found = objects(150)
    for i, one in found.items():
        one.image = 1_000 + i
    found[77].fatal = True
    model = ModelSite(found, media=range(1_002, 1_151), linked_cap=10, per_page_cap=40, silent_cap=True)
    ids, facts = crawl(model)
    assert (sorted(ids), facts.unreadable, facts.missing) == ([i for i in range(1, 151) if i != 77], [77], [])
    assert dict(facts.links) == {"media_dangling": 1}
    assert len(model.asked) < 60


def test_posts_with_dangling_or_forbidden_links_are_complete() -> None:
    found = objects(150)
    found[5].author, found[6].author, found[7].image = 0, 99, 12_345
    ids, facts = crawl(ModelSite(found, users=[1]))
    assert sorted(ids) == list(range(1, 151))
    assert facts.verdict == "complete"
    assert facts.links["users_dangling"] == 1


def test_a_closed_users_route_costs_two_requests() -> None:
    found = objects(300)
    for i, one in found.items():
        one.author = 1 + i % 50
    model = ModelSite(found, users_closed=True)
    ids, facts = crawl(model)
    assert (len(ids), facts.verdict) == (300, "complete")
    assert sum(route == "/wp/v2/users" for route, _ in model.asked) <= 3


@examples(60, fixed=True)
@given(data=st.data())
def test_posts_that_stay_published_come_exactly_once(data: st.DataObject) -> None:
    """Insertions, deletions and edits of dates during the walk, with many ties."""
    count, per_second = data.draw(st.integers(0, 260)), data.draw(st.sampled_from([1, 5, 60, 130]))
    found = objects(count, per_second=per_second)
    always = set(found)
    fresh = iter(range(10_000, 20_000))

    def change(model: ModelSite, _params: dict[str, str]) -> None:
        for act in data.draw(st.lists(st.sampled_from(["insert", "delete", "hide"]), max_size=2)):
            if act == "insert":
                i = next(fresh)
                model.objects[i] = Object(id=i, second=data.draw(st.integers(0, 300)))
            elif model.objects:
                gone = data.draw(st.sampled_from(sorted(model.objects)))
                del model.objects[gone]
                always.discard(gone)

    ids, facts = crawl(ModelSite(found, before_reply=change, per_page_cap=20), follow=frozenset())
    assert len(ids) == len(set(ids)), "doubled"
    assert always <= set(ids), "lost"
    assert not (always & set(facts.missing))


def test_rows_of_overlapping_pages_by_id_are_no_duplicates() -> None:
    walk = Cursor(base={}, dated=False, per_page=10)
    walk.take([Row(number, None) for number in range(1, 11)], total=14)
    assert walk.params()["offset"] == 5
    walk.take([Row(number, None) for number in range(6, 15)], total=14)
    assert (len(walk.seen), walk.doubled) == (14, 0)
    walk.take([Row(number, None) for number in (15, 15)], total=14)
    assert walk.doubled == 1


@pytest.mark.parametrize("status", [400, 403, 414, 431, 501, 502])
def test_site_that_refuses_exclude_is_asked_without_exclude(status: int) -> None:
    class Refusing(ModelSite):
        def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
            if "exclude" in params:
                return status, None, {"error": "no"}
            return super()._answer(route, params)

    model = Refusing(objects(250, per_second=3))
    ids, facts = crawl(model, follow=frozenset())
    assert (sorted(ids), facts.verdict) == (list(range(1, 251)), "complete")
    # A 502 may mean rows whose rendering dies as well: the ids alone are asked for in the same way.
    assert sum("exclude" in params for _, params in model.asked) == (2 if status == 502 else 1)


def test_linked_objects_of_a_cut_answer_without_a_total_are_requested_again() -> None:
    class Uncounted(ModelSite):
        def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
            status, total, data = super()._answer(route, params)
            return status, total if route == "/wp/v2/posts" else None, data

    found = objects(150)
    for i, one in found.items():
        one.image = 1_000 + i
    model = Uncounted(found, media=range(1_001, 1_151), linked_cap=10)
    ids, facts = crawl(model)
    assert (len(ids), facts.verdict, dict(facts.links)) == (150, "complete", {})


def test_unproven_walk_with_a_matching_count_is_listed_again() -> None:
    found = {i: Object(id=i, second=i, hidden=100 < i <= 2_300) for i in range(1, 2_601)}

    def count(model: ModelSite, params: dict[str, str]) -> None:
        # The count that comes with the newest ids equals, by chance, the number of rows that came.
        is_newest = (params.get("orderby"), params.get("order")) == ("id", "desc")
        model.total = (lambda _: 400) if is_newest else (lambda number: number)

    ids, facts = crawl(ModelSite(found, before_reply=count))
    assert sorted(ids) == [*range(1, 101), *range(2_301, 2_601)]
    assert facts.verdict == "incomplete", "the site counts 2600 rows for every other query"


@pytest.mark.parametrize(
    ("name", "value", "cached"),
    [
        ("x-cache", "HIT from cloudfront", True),
        ("x-kinsta-cache", "HIT", True),
        ("cf-cache-status", "UPDATING", True),
        ("x-wp-cached-call", "served-cache", True),
        ("x-varnish", "32770 3", True),
        ("age", "12", True),
        ("x-varnish", "32770", False),
        ("x-cache", "MISS", False),
        ("x-cache-lookup", "HIT from squid:3128", False),
        ("cf-cache-status", "DYNAMIC", False),
        ("cache-control", "hit", False),
    ],
)
def test_cached_answer_is_recognised_by_its_headers(name: str, value: str, cached: bool) -> None:
    assert is_from_cache(Reply(status=200, url="", headers={name: value})) is cached
