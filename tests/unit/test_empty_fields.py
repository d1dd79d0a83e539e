"""Sites on which a plugin empties answers to ``_fields``."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import pytest

from newsbot.wordpress.empty_fields import is_empty, without_fields
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.replies import total_of
from newsbot.wordpress.site_crawl import _learning as learning
from newsbot.wordpress.site_json import site_as_json, site_from_json
from tests.unit.model_site import HOME, ModelSite, Object, listen, site


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf \n", b"[[],[]]", b"[{},{}]", b"[null]"])
def test_an_empty_answer_to_fields_is_asked_for_without_them(body: bytes) -> None:
    query = Query(url=f"{HOME}/wp-json/wp/v2/posts?page=2&_fields=id,link&order=asc", purpose="x")
    plain = without_fields(query, Reply(status=200, url=query.url, body=body))
    assert plain is not None
    assert plain.url == f"{HOME}/wp-json/wp/v2/posts?page=2&order=asc"
    assert without_fields(plain, Reply(status=200, url=plain.url, body=body)) is None


@pytest.mark.parametrize(("status", "body"), [(200, b"[]"), (200, b'[{"id":1}]'), (500, b""), (200, b"<html>")])
def test_another_answer_is_left_as_it_is(status: int, body: bytes) -> None:
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
    kept = site_from_json(orjson.loads(orjson.dumps(site_as_json(here))))
    assert kept is not None
    assert not kept.api.takes_fields


@pytest.mark.parametrize(("value", "total"), [('"123"', 123), ("'5'", 5), (" 7 ", 7), ("x", None), ('""', None)])
def test_a_total_in_quotes_is_a_total(value: str, total: int | None) -> None:
    assert total_of(Reply(status=200, url=HOME, headers={"x-wp-total": value})) == total
