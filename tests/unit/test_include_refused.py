"""Sites whose firewall refuses ``include=``: rows that are asked for by their ids come in another form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest

from newsbot.wordpress.api import RouteAccepts
from newsbot.wordpress.by_ids import FEW, ByIds
from newsbot.wordpress.collection.crawl import CollectionCrawl
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.messages import Origin, Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.other_forms import OtherForms
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState, SiteCrawl
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.site_json import site_as_json, site_from_json
from tests.unit import soak_sequences
from tests.unit.soak_archive import SoakArchive
from tests.unit.soak_site import DAY, KEY, START, SoakSite, iso

PAGE = b"<html>Forbidden</html>"
PARAM = b'{"code":"rest_invalid_param","message":"x","data":{"status":400,"params":{"include":"no"}}}'


@dataclass
class Firewall(SoakSite):
    """``refuses`` says of the ids of a query, none of them, or one, whether it is refused, with ``status``."""

    refuses: str = "include"
    status: int = 403
    body: bytes = PAGE
    refused: int = 0
    singles: int = 0

    def reply(self, query: Query) -> Reply:
        parts = urlsplit(query.url)
        params = dict(parse_qsl(parts.query))
        single = parts.path.rpartition("/")[2].isdigit()
        self.singles += single and "content" in params.get("_fields", "content")
        if self._is_refused(params, single):
            self.asked.append(params)
            self.refused += 1
            return Reply(status=self.status, url=KEY, body=self.body, fetched_at=iso(self.now) + "Z")
        return super().reply(query)

    def _is_refused(self, params: dict[str, str], single: bool) -> bool:
        ids = params.get("include", "")
        return {
            "include": bool(ids),
            "lists": "," in ids,
            "include and offset": bool(ids) or "offset" in params,
            "ids": bool(ids) or (single and "content" in params.get("_fields", "content")),
            "nothing": False,
        }[self.refuses]


@dataclass
class Formed:
    """The crawl of a collection as the crawl of a site runs it."""

    crawl: CollectionCrawl

    def run(self) -> SiteCrawl:
        return OtherForms(self.crawl.queries.site).during(self.crawl.run())


def site_of(rows: int, kind: str = "posts", **more: object) -> Firewall:
    site = Firewall(**{"kind": kind, "per_page": 10} | more)  # type: ignore[arg-type]
    for number in range(rows):
        site.insert(START - (rows - number) * DAY)
    return site


def crawl(site: Firewall, archive: SoakArchive) -> CollectionFacts:
    """A run over the site as the archive keeps it. ``refused``, ``singles`` and ``asked`` are those of this run."""
    kept = site_from_json(json.loads(json.dumps(site_as_json(site.learnt or site.site()))))
    assert kept is not None
    site.now, site.learnt = site.now + DAY, kept
    site.refused = site.singles = 0
    site.asked.clear()
    collection = soak_sequences.COLLECTIONS[site.kind]
    options = Options(url=KEY, kind=site.kind, follow=frozenset(), confirm_deletions=True)
    facts = CollectionFacts(type=collection.name)
    crawled = CollectionCrawl(queries=Queries(site=kept, collection=collection, options=options), facts=facts)
    soak_sequences._rows(Formed(crawled), site, archive)  # type: ignore[arg-type]
    return facts


def assert_held(site: Firewall, archive: SoakArchive) -> None:
    assert archive.reader == {row_id: one.title for row_id, one in site.live().items()}


@pytest.mark.parametrize(("status", "body"), [(403, PAGE), (406, PAGE), (501, PAGE), (400, PARAM)])
@pytest.mark.parametrize("kind", ["posts", "media"])
def test_changed_rows_come_from_a_site_that_refuses_include(kind: str, status: int, body: bytes) -> None:
    site, archive, refusals = site_of(45, kind, status=status, body=body), SoakArchive(), []
    assert crawl(site, archive).verdict == "complete"
    for _ in range(3):
        for act, place in (("edit", 3), ("edit", 17), ("delete", 20), ("back_date", 5), ("add", 0)):
            site.act(act, place)
        facts = crawl(site, archive)
        assert facts.verdict == "complete", facts.why
        assert_held(site, archive)
        refusals.append(site.refused)
        assert site.singles <= FEW
    assert refusals == [2, 2, 0], "a refusal is believed once two runs met it"


def test_changed_rows_come_from_a_site_that_refuses_include_and_offset() -> None:
    site, archive = site_of(45, refuses="include and offset"), SoakArchive()
    assert crawl(site, archive).verdict == "complete"
    for _ in range(2):
        for act, place in (("edit", 3), ("edit", 17), ("back_date", 5), ("add", 0)):
            site.act(act, place)
        facts = crawl(site, archive)
        assert facts.verdict == "complete", facts.why
        assert_held(site, archive)


@pytest.mark.parametrize("edited", [FEW + 1, 40, 130])
def test_many_changed_rows_come_in_pages(edited: int) -> None:
    site, archive = site_of(150, per_page=50), SoakArchive()
    crawl(site, archive)
    for place in range(edited):
        site.act("edit", 149 - place)
    facts = crawl(site, archive)
    assert facts.verdict == "complete", facts.why
    assert_held(site, archive)
    assert site.singles <= FEW
    assert len(site.asked) <= 40


def test_temporary_refusal_of_include_is_forgotten() -> None:
    site, archive = site_of(45), SoakArchive()
    crawl(site, archive)
    site.act("edit", 3)
    crawl(site, archive)
    assert site.refused
    site.refuses = "nothing"
    site.act("edit", 3)
    assert crawl(site, archive).verdict == "complete"
    assert any("include" in asked for asked in site.asked)
    assert not site.singles
    assert_held(site, archive)


def test_single_ids_are_requested_with_include_when_a_site_refuses_lists() -> None:
    site, archive = site_of(45, refuses="lists"), SoakArchive()
    crawl(site, archive)
    for place in (3, 9, 30):
        site.act("edit", place)
    assert crawl(site, archive).verdict == "complete"
    assert_held(site, archive)
    assert not site.singles, "one id in include= is an answer, so that include= is not the reason"


def test_site_that_refuses_every_form_is_reported_after_few_requests() -> None:
    site, archive = site_of(45), SoakArchive()
    crawl(site, archive)
    site.refuses = "ids"
    for place in range(20):
        site.act("edit", place)
    facts = crawl(site, archive)
    assert facts.verdict in ("incomplete", "closed")
    assert len(site.asked) <= 40
    site.refuses = "nothing"
    assert crawl(site, archive).verdict == "complete"
    assert_held(site, archive)


@dataclass
class NumberedSite:
    """A site of numbered rows, asked for by ``ByIds`` alone. ``rows`` are the ids that it has, ``hidden`` are those
    that visitors may not see. It dies on pages of more than ``survived`` whole rows."""

    rows: list[int]
    hidden: tuple[int, ...] = ()
    survived: int = 10
    urls: list[str] = field(default_factory=list)

    def play(self, left: int, *wanted: list[int], purpose: str = "join-media") -> list[list[int] | None]:
        """The ids that each query for ``wanted`` ids brings; None where it is left to the site."""
        site = SoakSite(per_page=10).site()
        site.accepts["/wp/v2/media"] = RouteAccepts(per_page=10, whole_rows=self.survived)
        site.leave("/wp/v2/media", "include")
        by_ids, came = ByIds(site, left=left), []
        for ids in wanted:
            url = site.api.url("/wp/v2/media", {"include": ids, "per_page": len(ids), "_fields": "id"})
            steps: Iterator[Query] = by_ids.instead(Query(url=url, purpose=purpose, shared=url))
            came.append(self._run(steps))
        return came

    def _run(self, steps: object) -> list[int] | None:
        reply = None
        while True:
            try:
                query = steps.send(reply)  # type: ignore[attr-defined]
            except StopIteration as end:
                return None if end.value is None else [row["id"] for row in json.loads(end.value.body)]
            self.urls.append(query.url)
            assert not query.shared, "another query with this name may have had another answer"
            reply = self._reply(query)

    def _reply(self, query: Query) -> Reply:
        parts = urlsplit(query.url)
        last, params = parts.path.rpartition("/")[2], dict(parse_qsl(parts.query))
        if last.isdigit():
            if int(last) in self.hidden:
                body = b'{"code":"rest_forbidden","message":"no","data":{"status":401}}'
                return Reply(status=401, url=query.url, body=body)
            if int(last) in self.rows:
                return Reply(status=200, url=query.url, body=json.dumps({"id": int(last)}).encode())
            body = b'{"code":"rest_post_invalid_id","message":"no","data":{"status":404}}'
            return Reply(status=404, url=query.url, body=body)
        first = int(params["offset"])
        assert params["order"] == "asc"
        assert int(params["per_page"]) <= self.survived
        return Reply(
            status=200,
            url=query.url,
            body=json.dumps([{"id": number} for number in self.rows[first : first + int(params["per_page"])]]).encode(),
        )


def test_linked_objects_of_a_walk_come_from_pages_of_their_listing() -> None:
    """A walk wants the objects of its rows from the oldest on: no page is read twice."""
    site = NumberedSite(list(range(10, 3010, 10)))
    batches = [list(range(start, start + 1000, 10)) for start in (10, 1010, 2010)]
    assert site.play(1000, *batches) == batches
    assert len(site.urls) <= 300 // 10 + 3


def test_rows_far_apart_cost_half_a_request_each_beside_their_own() -> None:
    """The listing by id shows none of them in the pages that it may cost."""
    wanted = list(range(1000, 3000, 100))
    site = NumberedSite(list(range(1, 3000)))
    assert site.play(1000, wanted) == [wanted]
    assert len(site.urls) == len(wanted) // 2 + len(wanted)


def test_pages_of_the_listing_are_no_larger_than_the_server_survives() -> None:
    wanted = list(range(1, 21))
    assert NumberedSite(list(range(1, 100)), survived=5).play(1000, wanted) == [wanted]


def test_deleted_or_hidden_object_is_omitted_as_in_a_listing() -> None:
    site = NumberedSite([5, 7, 8], hidden=(8,))
    assert site.play(1000, [5, 6, 8, 7]) == [[5, 7]]


def test_ids_that_are_only_tried_cost_no_request_each() -> None:
    site = NumberedSite([5, 7])
    assert site.play(1000, [5, 6], purpose="probe") == [None]
    assert site.urls == []


def test_a_row_with_half_an_emoji_and_a_number_of_65_bits_comes() -> None:
    site = SoakSite(per_page=10).site()
    site.leave("/wp/v2/media", "include")
    url = site.api.url("/wp/v2/media", {"include": [3], "per_page": 1})
    steps = ByIds(site).instead(Query(url=url, purpose="include"))
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(Reply(status=200, url=url, body=b'{"id":3,"title":"\\ud83d","views":%d}' % 2**65))
    assert json.loads(end.value.value.body) == [{"id": 3, "title": "\ud83d", "views": 2**65}]


def test_a_run_makes_a_bounded_number_of_requests_for_ids() -> None:
    site = NumberedSite(list(range(1, 3000)))
    came = site.play(12, [5, 2900], list(range(1000, 1009)), [4, 5])
    assert came == [[5, 2900], list(range(1000, 1009)), None]
    assert len(site.urls) == 12


@pytest.mark.parametrize("body", [PAGE, b'{"code":"rest_no_route","message":"no","data":{"status":404}}'])
def test_missing_single_row_route_does_not_count_as_deleted_rows(body: bytes) -> None:
    def reply(query: Query) -> Reply:
        is_single = urlsplit(query.url).path.rpartition("/")[2].isdigit()
        return Reply(status=404 if is_single else 403, url=query.url, body=body if is_single else PAGE)

    def ask(ids: list[int]) -> Reply:
        steps = forms.ask(Query(url=site.api.url("/wp/v2/media", {"include": ids}), purpose="join-media"))
        query = next(steps)
        try:
            while True:
                query = steps.send(reply(query))
        except StopIteration as end:
            answered: Reply = end.value
            return answered

    site = SoakSite(per_page=10).site()
    forms = OtherForms(site)
    assert (ask([5, 6]).body, site.accepted("/wp/v2/media").takes("include")) == (PAGE, True)
    site.leave("/wp/v2/media", "include")
    assert ask([5, 6]).body == body


def test_each_row_keeps_the_url_and_the_time_of_its_own_answer() -> None:
    site = SoakSite(per_page=10).site()
    site.leave("/wp/v2/media", "include")
    url = site.api.url("/wp/v2/media", {"include": [3, 5], "per_page": 2})
    steps = ByIds(site).instead(Query(url=url, purpose="include"))
    answers = iter(
        Reply(status=200, url=f"{KEY}/{number}", body=b'{"id":%d}' % number, fetched_at=f"2026-03-01T00:00:0{number}Z")
        for number in (3, 5)
    )
    next(steps)
    steps.send(next(answers))
    with pytest.raises(StopIteration) as end:
        steps.send(next(answers))
    origins = [end.value.value.origin(number) for number in (3, 5)]
    assert [(origin.url, origin.fetched_at) for origin in origins] == [
        (f"{KEY}/3", "2026-03-01T00:00:03Z"),
        (f"{KEY}/5", "2026-03-01T00:00:05Z"),
    ]


def test_items_of_a_joined_answer_have_the_url_and_the_time_of_their_own() -> None:
    site, kind = SoakSite(kind="media", per_page=10).site(), "media"
    collection, options = soak_sequences.COLLECTIONS[kind], Options(url=KEY, kind=kind, follow=frozenset())
    queries, facts = Queries(site=site, collection=collection, options=options), CollectionFacts(type=collection.name)
    intake = Intake(queries=queries, facts=facts, state=CollectionState())
    own = Origin(url=f"{KEY}/3", fetched_at="2026-03-01T00:00:03Z", warc=None)
    joined = Reply(status=200, url=f"{KEY}/all", fetched_at="2026-03-01T00:00:09Z", origins={3: own})
    items = [intake.read({"id": number}, joined) for number in (3, 4)]
    assert [(item.request_url, item.fetched_at) for item in items] == [
        (own.url, own.fetched_at),
        (joined.url, joined.fetched_at),
    ]
