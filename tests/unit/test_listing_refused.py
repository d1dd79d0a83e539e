"""Sites whose firewall refuses large pages, or the order of a listing, and sites that drop ``include=``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.other_forms import OtherForms
from tests.unit.soak_archive import SoakArchive
from tests.unit.soak_site import DAY, KEY, START, SoakSite
from tests.unit.test_include_refused import PAGE, Firewall, assert_held, crawl

GONE = b'{"code":"rest_post_invalid_id","message":"no","data":{"status":404}}'


def answer_of(site: Site, params: dict[str, str], reply: Callable[[Query], Reply], purpose: str) -> Reply:
    """The answer to one query of ``site``, which answers each query in any form by ``reply``."""
    steps = OtherForms(site).ask(Query(url=site.api.url("/wp/v2/media", params), purpose=purpose))
    query: Query = next(steps)
    while True:
        try:
            query = steps.send(reply(query))
        except StopIteration as end:
            answered: Reply = end.value
            return answered


@dataclass
class RefusingSite(Firewall):
    """Refuses pages of more than ``largest`` rows, the parameter ``param``, or with ``closed`` each query. ``drops`` is
    a parameter that it ignores."""

    largest: int = 100
    param: str = ""
    drops: str = ""
    closed: bool = False

    def _is_refused(self, params: dict[str, str], single: bool) -> bool:
        return self.closed or int(params.get("per_page", 10)) > self.largest or self.param in params

    def _listing(self, params: dict[str, str], every: object = None) -> Reply:
        return super()._listing({name: value for name, value in params.items() if name != self.drops})


def site_of(rows: int, **more: object) -> RefusingSite:
    site = RefusingSite(**{"kind": "posts", "per_page": 100} | more)  # type: ignore[arg-type]
    for number in range(rows):
        site.insert(START - (rows - number) * DAY)
    return site


def change(site: RefusingSite) -> None:
    for act, place in (("edit", 3), ("edit", 17), ("delete", 20), ("back_date", 5), ("add", 0)):
        site.act(act, place)


@pytest.mark.parametrize(("largest", "learnt"), [(60, 50), (30, 25), (13, 12), (10, 10)])
def test_largest_page_that_a_firewall_allows_is_learnt_once(largest: int, learnt: int) -> None:
    site, archive, refusals = site_of(150, largest=largest), SoakArchive(), []
    for _ in range(3):
        assert crawl(site, archive).verdict == "complete"
        assert_held(site, archive)
        refusals.append(site.refused)
        change(site)
    assert refusals[0] <= 7
    assert refusals[1:] == [0, 0]
    assert site.learnt is not None
    assert site.learnt.accepted(site.route).per_page == learnt


def test_refusal_that_passes_within_a_run_teaches_nothing() -> None:
    """A limit of requests refuses the first query, with the fields and without them, and no other."""

    def reply(query: Query) -> Reply:
        asked.append(query.url)
        refused = len(asked) <= 2
        return Reply(status=403 if refused else 200, url=KEY, body=PAGE if refused else b'[{"id":9}]')

    site, asked = SoakSite(kind="media", per_page=100).site(), list[str]()
    answer = answer_of(site, {"per_page": "100", "orderby": "id", "_fields": "id,title"}, reply, "list")
    accepted = site.accepted("/wp/v2/media")
    assert (answer.body, len(asked)) == (b'[{"id":9}]', 4)
    assert (accepted.per_page, accepted.refused, accepted.doubted) == (100, frozenset(), frozenset())


def test_refused_order_is_omitted_and_no_row_is_lost() -> None:
    site, archive, refusals = site_of(150, param="orderby"), SoakArchive(), []
    for _ in range(4):
        told = crawl(site, archive)
        assert told.verdict == "complete", told.why
        assert_held(site, archive)
        refusals.append(site.refused)
        change(site)
    assert refusals[0] <= 4
    assert refusals[1] <= 4
    assert refusals[2:] == [0, 0], "a refusal is believed once two runs met it"


@pytest.mark.parametrize("rows", [45, 150])
def test_changed_rows_come_from_a_site_that_drops_include(rows: int) -> None:
    site, archive = site_of(rows, drops="include", per_page=50), SoakArchive()
    assert crawl(site, archive).verdict == "complete"
    for _ in range(3):
        change(site)
        told = crawl(site, archive)
        assert (told.verdict, told.missing, told.unreadable) == ("complete", [], []), told.why
        assert_held(site, archive)
        assert len(site.asked) <= 30


def test_deleted_row_is_no_sign_that_a_site_drops_include() -> None:
    """A plugin puts a featured row on each page. The rows that were asked for are gone."""

    def reply(query: Query) -> Reply:
        if query.url.partition("?")[0].endswith("/5"):
            return Reply(status=404, url=KEY, body=GONE)
        return Reply(status=200, url=KEY, body=b'[{"id":9}]')

    site = SoakSite(per_page=10).site()
    assert answer_of(site, {"include": "5,6"}, reply, "join-media").body == b'[{"id":9}]'
    assert site.accepted("/wp/v2/media").takes("include")


def test_site_that_closes_during_a_walk_gets_few_further_requests() -> None:
    site = site_of(150, per_page=50)
    site.events[3] = lambda: setattr(site, "closed", True)
    told = crawl(site, SoakArchive())
    assert told.verdict in ("closed", "incomplete", "blocked")
    assert site.refused <= 5


def test_refusal_of_another_parameter_does_not_lower_the_page_size() -> None:
    def reply(query: Query) -> Reply:
        refused = "slug" in query.url
        return Reply(status=403 if refused else 200, url=KEY, body=PAGE if refused else b"[]")

    site = SoakSite(kind="media", per_page=100).site()
    answer = answer_of(site, {"per_page": "100", "slug": "a", "orderby": "id"}, reply, "narrow")
    accepted = site.accepted("/wp/v2/media")
    assert (answer.status, accepted.per_page, accepted.refused) == (403, 100, frozenset())
