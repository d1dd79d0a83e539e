"""What a site's answers teach is learnt once and kept: the form of its URLs, and the page size that its server
survives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from newsbot.wordpress.api import Api
from newsbot.wordpress.collection.page_size import REGROW, PageSize
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskSite, KeepSite, SiteCrawl
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_crawl import crawl
from newsbot.wordpress.site_json import site_as_json
from tests.unit.model_site import HOME, ModelSite, Object, listen, site

ROOT = "https://news.example/wp-json/"


@pytest.mark.parametrize(
    ("ended", "root", "slashed"),
    [
        ("https://news.example/wp-json/wp/v2/posts/?per_page=5", ROOT, True),
        ("https://news.example/wp-json/wp/v2/posts?per_page=5", ROOT, False),
        ("https://www.news.example/wp-json/wp/v2/posts?per_page=5", "https://www.news.example/wp-json/", False),
        ("https://news.example/blog/wp-json/wp/v2/posts/?per_page=5", "https://news.example/blog/wp-json/", True),
        # These tell nothing of the other routes, or lead away.
        ("https://news.example/wp-json/wp/v2/posts/?per_page=5&page=1", ROOT, False),
        ("https://news.example/login?per_page=5", ROOT, False),
        ("https://other.example/wp-json/wp/v2/posts/?per_page=5", ROOT, False),
        ("http://news.example/wp-json/wp/v2/posts/?per_page=5", ROOT, False),
    ],
)
def test_redirect_of_one_route_teaches_the_form_of_all_routes(ended: str, root: str, slashed: bool) -> None:
    api = Api(root=ROOT)
    assert api.landed(api.url("/wp/v2/posts", {"per_page": 5}), ended) == Api(root=root, slashed=slashed)


def test_routes_of_a_slashed_api_end_in_a_slash() -> None:
    api = Api(root=ROOT, slashed=True)
    assert api.url("/wp/v2/posts", {"per_page": 5}) == f"{ROOT}wp/v2/posts/?per_page=5"
    assert api.url("/") == ROOT
    assert api.landed(api.url("/wp/v2/posts"), api.url("/wp/v2/posts")) == api


@dataclass
class Redirecting(ModelSite):
    """Every route without a slash at its end is redirected. ``largest`` is the largest page of whole rows."""

    redirects: int = 0
    largest: int = 100
    died: list[int] = field(default_factory=list)

    def reply(self, query: Query) -> Reply:
        path, mark, rest = query.url.partition("?")
        if "/wp-json/" not in path:
            return super().reply(query)
        if not path.endswith("/"):
            self.redirects += 1
        reply = super().reply(Query(url=path.rstrip("/") + mark + rest, purpose=query.purpose))
        return Reply(
            status=reply.status, url=f"{path.rstrip('/')}/{mark}{rest}", headers=reply.headers, body=reply.body
        )

    def _posts(self, params: dict[str, str]) -> tuple[int, int | None, Any]:
        size = int(params.get("per_page", "10"))
        if "content" in params.get("_fields", "content") and size > self.largest:
            self.died.append(size)
            return 500, None, {"code": "internal_server_error", "message": "fatal", "data": {"status": 500}}
        return super()._posts(params)


def learn(model: Redirecting, kept: dict[str, Any]) -> tuple[list[int], dict[str, Any], str]:
    """A run over a site that an earlier run kept. Returns the ids, what the run kept, and the verdict."""
    facts = SiteFacts(asked=HOME)
    known = dict(kept)

    def answered(talk: SiteCrawl) -> SiteCrawl:
        answer: Any = None
        while True:
            try:
                message = talk.send(answer)
            except StopIteration:
                return
            if isinstance(message, AskSite):
                answer = kept
            elif isinstance(message, KeepSite):
                known.update(message.site)
                answer = None
            else:
                answer = yield message

    records, _ = listen(answered(crawl(Options(url=HOME, follow=frozenset()), facts)), model)
    return [record.id for record in records], known, facts.verdict


def newsroom(count: int, *, largest: int = 100) -> Redirecting:
    return Redirecting({row_id: Object(row_id, row_id) for row_id in range(1, count + 1)}, largest=largest)


def kept_site() -> dict[str, Any]:
    one = site()
    one.types["post"] = "/wp/v2/posts"
    kept = site_as_json(one)
    kept["routes"]["/wp/v2/posts"] = {"per_page": 100, "orderby": [], "params": ["per_page", "offset", "exclude"]}
    return kept


def test_redirect_of_every_route_costs_one_request_and_is_stored() -> None:
    model = newsroom(450)
    ids, kept, verdict = learn(model, kept_site())
    assert (len(ids), verdict, model.redirects, kept["slashed"]) == (450, "complete", 1, True)
    learn(model, kept)
    assert model.redirects == 1


def test_page_size_that_the_server_survives_is_learnt_once_and_stored() -> None:
    model = newsroom(500, largest=15)
    ids, kept, verdict = learn(model, kept_site())
    assert (sorted(ids), verdict) == (list(range(1, 501)), "complete")
    assert len(model.died) <= 6
    assert kept["routes"]["/wp/v2/posts"]["whole_rows"] == 13
    # Lists of ids are as long as ever.
    assert {int(params["per_page"]) for _, params in model.asked if params["_fields"] == "id,date,date_gmt"} <= {100}
    model.died.clear()
    ids, kept, verdict = learn(model, kept)
    # A larger page is tried once a run.
    assert (len(ids), verdict, model.died) == (500, "complete", [26])
    model.largest = 100
    ids, kept, verdict = learn(model, kept)
    assert (len(ids), verdict) == (500, "complete")
    assert "whole_rows" not in kept["routes"]["/wp/v2/posts"]


def test_page_size_is_lowered_only_after_two_failures_below_a_working_size() -> None:
    sizes = PageSize(size=100, limit=100)
    sizes.came(100)
    sizes.too_large(50, 25)
    assert sizes.size == 100
    sizes.too_large(50, 25)
    assert sizes.size == 25


def test_a_larger_page_is_tried_until_one_fails() -> None:
    sizes = PageSize(size=10, limit=100)
    for _ in range(REGROW):
        assert sizes.size == 10
        sizes.came(10)
    assert (sizes.size, sizes.trying) == (20, 10)
    sizes.came(20)
    assert (sizes.size, sizes.trying) == (40, 20)
    assert sizes.failed() is True
    for _ in range(2 * REGROW):
        sizes.came(20)
    assert (sizes.size, sizes.failed()) == (20, False)
