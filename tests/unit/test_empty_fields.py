"""Sites on which a plugin empties answers to ``_fields``, or a firewall refuses them."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import pytest

from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.empty_fields import is_empty, is_refused, without_fields
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.other_forms import OtherForms
from newsbot.wordpress.questions import SiteCrawl
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.replies import total_of
from newsbot.wordpress.site_crawl import _learning as learning
from newsbot.wordpress.site_json import site_as_json, site_from_json
from tests.unit.model_site import HOME, ModelSite, Object, listen, site


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf \n", b"[[],[]]", b"[{},{}]", b"[null]"])
def test_query_with_an_empty_answer_is_repeated_without_fields(body: bytes) -> None:
    query = Query(url=f"{HOME}/wp-json/wp/v2/posts?page=2&_fields=id,link&order=asc", purpose="x")
    plain = without_fields(query, Reply(status=200, url=query.url, body=body))
    assert plain is not None
    assert plain.url == f"{HOME}/wp-json/wp/v2/posts?page=2&order=asc"
    assert without_fields(plain, Reply(status=200, url=plain.url, body=body)) is None


def test_the_query_without_fields_does_not_get_the_shared_answer_with_them() -> None:
    url = f"{HOME}/wp-json/wp/v2/posts?_fields=id"
    plain = without_fields(Query(url=url, purpose="x", shared=url), Reply(status=200, url=url))
    assert plain is not None
    assert plain.shared == plain.url != url


@pytest.mark.parametrize(("status", "body"), [(200, b"[]"), (200, b'[{"id":1}]'), (500, b""), (200, b"<html>")])
def test_another_answer_does_not_count_as_empty(status: int, body: bytes) -> None:
    assert not is_empty(Reply(status=status, url=HOME, body=body))


@dataclass
class Emptied(ModelSite):
    """Every answer to ``_fields`` is empty."""

    def reply(self, query: Query) -> Reply:
        reply = super().reply(query)
        return Reply(status=200, url=query.url) if "_fields=" in query.url else reply


def test_a_site_that_empties_answers_to_fields_is_crawled_without_them() -> None:
    model, facts, here = Emptied({n: Object(n, n) for n in range(1, 250)}), SiteFacts(asked=HOME), site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    options = Options(url=HOME, follow=frozenset({"author"}))
    records, _ = listen(learning(here, options, crawl_collections(here, options, facts)), model)
    assert (len(records), facts.verdict) == (249, "complete")
    assert sum("_fields" in params for _, params in model.asked) == 1, "what was learnt is paid once"


def test_fields_are_dropped_after_empty_answers_in_two_runs() -> None:
    here, options, asked = site(), Options(url=HOME, follow=frozenset()), []
    for emptied in (True, True, False):
        model = (Emptied if emptied else ModelSite)({n: Object(n, n) for n in range(1, 250)})
        here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
        facts = SiteFacts(asked=HOME)
        records, _ = listen(learning(here, options, crawl_collections(here, options, facts)), model)
        assert (len(records), facts.verdict) == (249, "complete")
        asked.append(sum("_fields" in params for _, params in model.asked))
        here = kept_by_the_archive(here)
    assert asked == [1, 1, 0], "the second run asks again, the third one believes it"


def test_fields_are_kept_after_empty_answers_in_one_run() -> None:
    here, options = site(), Options(url=HOME, follow=frozenset())
    for model in (Emptied({1: Object(1, 1)}), ModelSite({1: Object(1, 1)})):
        here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
        listen(learning(here, options, crawl_collections(here, options, SiteFacts(asked=HOME))), model)
        assert here.api.takes_fields is not isinstance(model, Emptied)
        here = kept_by_the_archive(here)
    assert here.api.takes_fields


def kept_by_the_archive(here: Site) -> Site:
    kept = site_from_json(orjson.loads(orjson.dumps(site_as_json(here))))
    assert kept is not None
    return kept


PAGE = b"<html><h1>Forbidden</h1></html>"
WORDPRESS = b'{"code":"rest_forbidden","message":"No.","data":{"status":403}}'
CHECKED = {"cf-mitigated": "challenge"}


@pytest.mark.parametrize("status", [400, 403, 406, 414, 431, 494, 501])
def test_a_page_of_a_firewall_is_a_refusal_of_the_query(status: int) -> None:
    assert is_refused(Reply(status=status, url=HOME, body=PAGE))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=403, url=HOME, body=WORDPRESS),
        Reply(status=403, url=HOME, body=PAGE, headers=CHECKED),
        Reply(status=429, url=HOME, body=PAGE),
        Reply(status=503, url=HOME, body=PAGE),
        Reply(status=404, url=HOME, body=PAGE),
        Reply(status=0, url=HOME, error="timeout"),
    ],
)
def test_another_failure_is_no_refusal_of_the_query(reply: Reply) -> None:
    assert not is_refused(reply)


@pytest.mark.parametrize("ids", ["include=1,2", "exclude=1,2"])
def test_refused_query_with_several_ids_keeps_its_fields(ids: str) -> None:
    """The ids make the URL long, not the fields."""
    for asked in (f"{ids}&_fields=id", f"page=2&{ids}&_fields=id"):
        query = Query(url=f"{HOME}/wp-json/wp/v2/posts?{asked}", purpose="x")
        assert without_fields(query, Reply(status=414, url=query.url, body=PAGE)) is None


def test_refused_query_with_one_id_is_repeated_without_fields() -> None:
    query = Query(url=f"{HOME}/wp-json/wp/v2/posts?include=7&_fields=id", purpose="x")
    plain = without_fields(query, Reply(status=431, url=query.url, body=PAGE))
    assert plain is not None
    assert plain.url == f"{HOME}/wp-json/wp/v2/posts?include=7"


@dataclass
class ShortUrls(ModelSite):
    """The server refuses URLs of more than ``longest`` bytes; every one where ``shut``."""

    longest: int = 256
    shut: bool = False
    refused: int = 0

    def reply(self, query: Query) -> Reply:
        if self.shut or len(query.url) > self.longest:
            self.refused += 1
            return Reply(status=414, url=query.url, body=PAGE)
        return super().reply(query)


def test_crawl_is_complete_when_a_server_refuses_urls_with_fields() -> None:
    model, facts, here = ShortUrls({n: Object(n, n) for n in range(1, 250)}), SiteFacts(asked=HOME), site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    options = Options(url=HOME, follow=frozenset())
    records, _ = listen(learning(here, options, crawl_collections(here, options, facts)), model)
    assert (len(records), facts.verdict, model.refused) == (249, "complete", 1)
    assert not here.api.takes_fields


def test_a_server_that_refuses_everything_is_asked_without_fields_once() -> None:
    model, facts, here = ShortUrls({1: Object(1, 1)}, shut=True), SiteFacts(asked=HOME), site()
    options = Options(url=HOME, follow=frozenset())
    listen(learning(here, options, crawl_collections(here, options, facts)), model)
    assert here.api.takes_fields
    assert facts.verdict != "complete"
    queries = [Query(url=f"{HOME}/wp-json/wp/v2/posts?_fields=id&page={n}", purpose="x") for n in range(3)]
    model.refused = 0
    listen(learning(here, options, iter_of(queries)), model)
    assert model.refused == 4, "three queries, and one of them once more"


def iter_of(queries: list[Query]) -> SiteCrawl:
    for query in queries:
        reply = yield query
        assert reply.status == 414


@pytest.mark.parametrize(("value", "total"), [('"123"', 123), ("'5'", 5), (" 7 ", 7), ("x", None), ('""', None)])
def test_a_total_in_quotes_is_a_total(value: str, total: int | None) -> None:
    assert total_of(Reply(status=200, url=HOME, headers={"x-wp-total": value})) == total


def test_two_refusals_in_one_run_count_once() -> None:
    api = Api(root="https://model.example/wp-json/").without_fields()
    assert api.without_fields() == api
    assert api.fields_doubted


def test_answers_that_are_empty_in_each_form_say_nothing_of_the_fields() -> None:
    here = site()
    forms, query = OtherForms(here), Query(url=f"{HOME}/wp-json/wp/v2/posts?_fields=id", purpose="list")
    assert _asked(forms, query, Reply(status=200, url=HOME), Reply(status=200, url=HOME)) == 2
    assert here.api.takes_fields


def test_an_empty_answer_is_asked_for_without_fields_though_another_query_was_refused() -> None:
    here = site()
    forms, refusal = OtherForms(here), Reply(status=403, url=HOME, body=PAGE)
    query = Query(url=f"{HOME}/wp-json/wp/v2/posts?_fields=id", purpose="list")
    assert _asked(forms, query, refusal, refusal) == 2
    assert _asked(forms, query, refusal) == 1, "the fields are not the reason"
    assert _asked(forms, query, Reply(status=200, url=HOME), Reply(status=200, url=HOME, body=b'[{"id":1}]')) == 2
    assert not here.api.takes_fields


def test_a_closed_route_of_joined_objects_is_not_asked_for_its_ids_in_other_forms() -> None:
    here, refusal = site(), Reply(status=403, url=HOME, body=PAGE)
    forms, users = OtherForms(here), f"{HOME}/wp-json/wp/v2/users"
    assert _asked(forms, Query(url=f"{users}?per_page=100&_fields=id", purpose="join-users"), refusal, refusal) == 2
    assert _asked(forms, Query(url=f"{users}?include=5,6&_fields=id", purpose="join-users"), refusal) == 1


def _asked(forms: OtherForms, query: Query, *replies: Reply) -> int:
    """How many of ``replies`` the question takes. It asks for no more."""
    steps, left = forms.ask(query), list(replies)
    next(steps)
    try:
        while True:
            steps.send(left.pop(0))
    except StopIteration:
        return len(replies) - len(left)
