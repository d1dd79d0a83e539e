"""Sites in several languages: posts that are listed only where a query names their language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.items import Post, Record, WarcRecord
from newsbot.wordpress.api import Api, Collection, RouteAccepts, Site
from newsbot.wordpress.languages.finding import MOST_EMPTY, find_languages
from newsbot.wordpress.languages.merge import Merger
from newsbot.wordpress.languages.plugins import language_plugins
from newsbot.wordpress.languages.search import NewestRows
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.hreflang import read_languages
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_json import site_as_json, site_from_json
from tests.examples import examples
from tests.unit.model_site import HOME, ModelSite, Object, listen

PARAMS = frozenset({"after", "before", "exclude", "include", "orderby", "order", "page", "per_page", "offset"})
POSTS = "/wp/v2/posts"


@dataclass
class SpokenSite(ModelSite):
    """``spoken``: id -> language. The first of ``names`` is listed where a query names no language.

    ``knows_all``: ``lang=all`` lists all languages. ``lists_all``: so does a query without a language. ``deaf``: the
    parameter is ignored. ``refused``: the languages that the site refuses.
    ``falls_back``: those for which it gives the rows of the first one.
    """

    spoken: dict[int, str] = field(default_factory=dict)
    names: tuple[str, ...] = ("en", "fr")
    knows_all: bool = False
    lists_all: bool = False
    deaf: bool = False
    tells: bool = True
    home: str = ""
    listed_languages: tuple[str, ...] = ()
    declared: tuple[str, ...] = ("en", "fr")
    names_refused: bool = False
    refused: frozenset[str] = frozenset()
    falls_back: frozenset[str] = frozenset()
    requests: int = 0

    def reply(self, query: Query) -> Reply:
        self.requests += 1
        path = urlsplit(query.url).path
        if self.names_refused and (query.method == "OPTIONS" or path == "/" or "languages" in path):
            return Reply(status=403, url=query.url)
        if query.method == "OPTIONS":
            args = {"lang": {"enum": self.declared}, "per_page": {"maximum": 100}}
            body = orjson.dumps({"endpoints": [{"methods": ["GET"], "args": args}]})
            return Reply(status=200, url=query.url, body=body)
        if path == "/":
            return Reply(status=200, url=query.url, body=self.home.encode())
        if path.endswith("/pll/v1/languages"):
            rows = [{"slug": name} for name in self.listed_languages]
            return Reply(status=200 if rows else 404, url=query.url, body=orjson.dumps(rows))
        if self.refused & set(dict(parse_qsl(urlsplit(query.url).query)).values()):
            return Reply(status=403, url=query.url)
        return super().reply(query)

    def _matching(self, params: dict[str, str]) -> list[Object]:
        asked = params.get("lang")
        asked = self.names[0] if asked in self.falls_back else asked
        wanted = self.names[0] if self.deaf else asked or self.names[0]
        found = super()._matching(params)
        if not self.deaf and ((asked is None and self.lists_all) or (asked == "all" and self.knows_all)):
            return found
        return [row for row in found if self.spoken[row.id] == wanted]

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        row = super()._row(one, params)
        return row | ({"lang": self.spoken[one.id]} if self.tells else {})


def spoken_site(languages: Iterable[str], **features: Any) -> SpokenSite:
    """A site with a post a minute, in the given languages."""
    spoken = dict(enumerate(languages, 1))
    objects = {number: Object(number, second=60 * number) for number in spoken}
    return SpokenSite(objects, spoken=spoken, **features)


def site_of(*, declared: tuple[str, ...] = (), takes: bool = True, plugin: str = "") -> Site:
    params = PARAMS | ({"lang"} if takes else set())
    accepts = {POSTS: RouteAccepts(params=params, languages=declared)}
    return Site(
        key=HOME,
        home=HOME,
        api=Api(root=f"{HOME}/wp-json/"),
        accepts=accepts,
        namespaces=frozenset({plugin} if plugin else ()),
    )


def crawled(site: Site, model: SpokenSite) -> tuple[list[Record], SiteFacts]:
    facts = SiteFacts(asked=HOME)
    options = Options(url=HOME, follow=frozenset())
    rows, _ = listen(crawl_collections(site, options, facts), model)
    return rows, facts


MIXED = ["en", "fr", "en", "en", "fr"] * 50


@pytest.mark.parametrize(
    ("site", "features"),
    [
        (site_of(plugin="wpml/v1", takes=False), {"knows_all": True}),
        (site_of(declared=("en", "fr")), {}),
        (site_of(declared=("en", "fr", "all")), {"knows_all": True}),
        (site_of(declared=("en", "fr")), {"tells": False}),
        (site_of(plugin="pll/v1"), {"listed_languages": ("en", "fr")}),
        (site_of(plugin="pll/v1"), {"listed_languages": ("en", "fr"), "lists_all": True}),
        (
            site_of(plugin="wpml/v1", takes=False),
            {"home": '<link rel="alternate" hreflang="en-US" href="/"><link rel=alternate hreflang=fr href="/fr/">'},
        ),
    ],
)
def test_posts_of_all_languages_are_crawled(site: Site, features: dict[str, Any]) -> None:
    model = spoken_site(MIXED, **features)
    rows, facts = crawled(site, model)
    assert sorted(row.id for row in rows) == sorted(model.objects)
    assert facts.verdict == "complete", facts.why
    for row in rows:
        assert isinstance(row, Post)
        assert row.language == model.spoken[row.id]
    if not model.lists_all:
        assert facts.collections["post"].languages == {"en": 150, "fr": 100}


def test_all_languages_together_cost_few_requests() -> None:
    model = spoken_site(MIXED * 4)
    one = spoken_site(["en"] * 1_000)
    crawled(site_of(declared=("en", "fr")), model)
    crawled(site_of(takes=False), one)
    assert model.requests <= one.requests + 12


def test_site_that_ignores_the_language_is_listed_once() -> None:
    site = site_of(plugin="wpml/v1", takes=False)
    model = spoken_site(["en"] * 30 + ["fr"] * 5, deaf=True, home='<link rel="alternate" hreflang="fr" href="/fr/">')
    rows, _ = crawled(site, model)
    assert len(rows) == 30
    assert site.languages == {POSTS: ()}


def test_site_without_a_language_plugin_is_not_asked() -> None:
    model = spoken_site(["en"] * 10)
    crawled(site_of(takes=False), model)
    assert not any("lang" in params for _, params in model.asked)


def test_languages_are_kept_for_later_runs() -> None:
    site = site_of(declared=("en", "fr"))
    crawled(site, spoken_site(MIXED))
    kept = site_from_json(orjson.loads(orjson.dumps(site_as_json(site))))
    assert kept is not None
    assert (kept.languages, kept.namespaces) == ({POSTS: ("en", "fr")}, site.namespaces)
    assert kept.accepts[POSTS].languages == ("en", "fr")
    again = spoken_site(MIXED)
    rows, _ = crawled(kept, again)
    assert len(rows) == len(MIXED)
    assert all(params.get("lang") for route, params in again.asked if route == POSTS)


@given(
    st.lists(st.sampled_from(["en", "fr", "de"]), min_size=1, max_size=120),
    st.sampled_from([7, 50]),
    st.lists(st.integers(0, 40), min_size=120, max_size=120),
)
@examples(25)
def test_merged_languages_deliver_every_row_once(spoken: list[str], cap: int, seconds: list[int]) -> None:
    model = spoken_site(spoken, names=("en", "fr", "de"), per_page_cap=cap)
    for number, second in zip(model.objects, seconds, strict=False):
        model.objects[number].second = second
    rows, facts = crawled(site_of(declared=("en", "fr", "de")), model)
    assert sorted(row.id for row in rows) == sorted(model.objects)
    assert facts.verdict == "complete", facts.why


@pytest.mark.parametrize(
    ("plain", "other", "missing"),
    [
        (NewestRows(ids=frozenset({1, 2}), total=2), NewestRows(ids=frozenset({2, 3}), total=2), {3}),
        (NewestRows(ids=frozenset({9, 8}), total=90), NewestRows(ids=frozenset({7, 3}), total=2), set()),
        (NewestRows(ids=frozenset({9, 7}), total=90), NewestRows(ids=frozenset({8, 3}), total=2), {8}),
        (NewestRows(total=0), NewestRows(ids=frozenset({4}), total=1), {4}),
    ],
)
def test_newest_rows_show_rows_that_a_listing_lacks(plain: NewestRows, other: NewestRows, missing: set[int]) -> None:
    assert plain.lacks(other) == missing


def test_home_page_names_its_languages() -> None:
    page = (
        '<html><link rel="alternate" hreflang="x-default" href="/"><link rel="alternate" hreflang="pt-BR" href="/br">'
        '<link rel="alternate" hreflang="pt-PT" href="/pt"><link rel="canonical" hreflang="de" href="/de"></html>'
    )
    found = read_languages(Reply(status=200, url=f"{HOME}/", body=page.encode()))
    assert [(language.tag, language.code, language.url) for language in found] == [("pt-BR", "pt", f"{HOME}/br")]


def test_namespaces_show_plugins_that_may_hide_languages() -> None:
    names = ["wp/v2", "wpml/v1", "wpml/tm/v1", "pll/v1", "trp/v1", "oembed/1.0", "weglot/v1"]
    assert language_plugins(names) == {"wpml/v1", "wpml/tm/v1", "pll/v1"}


def update(site: Site, model: SpokenSite, **options: Any) -> tuple[bool, int]:
    """Whether a later run, which knows the site from an archive, compares all ids because of a further language, and
    how many requests it takes to know this."""
    kept = site_from_json(site_as_json(site))
    assert kept is not None
    site.accepts, site.languages, site.named, site.heard = kept.accepts, kept.languages, kept.named, None
    model.requests = 0
    steps = find_languages(site, Collection(name="post", route=POSTS), Options(url=HOME, **options))
    answer: Any = None
    while True:
        try:
            message = steps.send(answer)
        except StopIteration as end:
            return end.value, model.requests
        answer = model.reply(message) if isinstance(message, Query) else None


WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "declared": ({"declared": ("en", "fr")}, {}),
    "Polylang's route": ({"plugin": "pll/v1"}, {"listed_languages": ("en", "fr")}),
    "home page": (
        {"plugin": "wpml/v1", "takes": False},
        {"home": '<link rel=alternate hreflang=en href="/"><link rel=alternate hreflang=fr href="/fr/">'},
    ),
}
FURTHER = '<link rel=alternate hreflang=it href="/it/">'


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("begins_with", [MIXED, ["en"] * 30])
def test_new_language_of_a_site_is_crawled(way: str, begins_with: list[str]) -> None:
    named, features = WAYS[way]
    site, model = site_of(**named), spoken_site(begins_with, **features)
    crawled(site, model)
    has_empty = "fr" not in begins_with
    assert update(site, model) == (False, 1 + has_empty)
    # The site names a language without rows, then it has rows.
    site_names = ("en", "fr", "it")
    model.declared, model.listed_languages = site_names, site_names if way == "Polylang's route" else ()
    model.home += FURTHER
    assert not update(site, model)[0]
    assert set(site.named[POSTS]) == {*site_names}
    newest = max(model.objects) + 1
    model.objects[newest], model.spoken[newest] = Object(newest, second=1), "it"
    assert update(site, model)[0]
    assert "it" in site.languages[POSTS]
    model.names_refused = True
    assert not update(site, model)[0], "a site that does not tell its languages keeps those that are known"


def test_many_languages_without_rows_are_requested_in_turn() -> None:
    names = ("en", "fr", *(f"l{number}" for number in range(12)))
    site, model = site_of(declared=names), spoken_site(MIXED, declared=names)
    crawled(site, model)
    assert [update(site, model) for _ in range(3)] == [(False, 1 + MOST_EMPTY)] * 3
    model.objects[999], model.spoken[999] = Object(999, second=1), "l11"
    found = [update(site, model)[0] for _ in range(3)]
    assert (any(found), "l11" in site.languages[POSTS]) == (True, True)


@pytest.mark.parametrize("spoken", [["en"] * 30, MIXED])
def test_quick_check_does_not_request_languages(spoken: list[str]) -> None:
    names = ("en", "fr", "de", "it", "es")
    site, model = site_of(declared=names), spoken_site(spoken, declared=names)
    crawled(site, model)
    assert update(site, model, quick=True) == (False, 0)


@pytest.mark.parametrize(
    ("features", "languages"),
    [({}, ("en", "fr")), ({"refused": frozenset({"fr"})}, ()), ({"falls_back": frozenset({"fr"})}, ())],
    ids=["listed", "refused", "gives the rows of another"],
)
def test_language_that_a_site_no_longer_names_is_crawled_while_it_has_rows(
    features: dict[str, Any], languages: tuple[str, ...]
) -> None:
    site, model = site_of(declared=("en", "fr")), spoken_site(MIXED)
    crawled(site, model)
    model.declared = ("en",)
    for name, value in features.items():
        setattr(model, name, value)
    for cost in (8, 1):
        further, requests = update(site, model)
        assert (further, site.languages[POSTS], requests <= cost) == (False, languages, True)


def test_temporarily_refused_language_is_kept_when_the_site_gets_another_language() -> None:
    site, model = site_of(declared=("en", "fr")), spoken_site(MIXED)
    crawled(site, model)
    model.declared, model.refused = ("en", "fr", "it"), frozenset({"fr"})
    assert not update(site, model)[0]
    assert site.languages == {POSTS: ("en", "fr")}
    model.objects[999], model.spoken[999] = Object(999, second=1), "it"
    assert update(site, model)[0]
    assert sorted(site.languages[POSTS]) == ["en", "fr", "it"]


def test_site_that_shows_all_languages_is_not_asked_for_its_languages_again() -> None:
    site, model = site_of(declared=("en", "fr")), spoken_site(MIXED, lists_all=True)
    crawled(site, model)
    assert update(site, model) == (False, 0)


def test_each_row_of_several_languages_keeps_the_record_and_the_time_of_its_own_answer() -> None:
    merger = Merger(languages=("en", "de"), query=lambda params: Query(url=str(params.get("lang")), purpose="list"))
    steps, reply, answers = merger.answer({"per_page": "2"}), None, dict[str, Reply]()
    while True:
        try:
            query = steps.send(reply)  # type: ignore[arg-type]
        except StopIteration as end:
            merged = end.value
            break
        place = len(answers) + 1
        answers[query.url] = reply = Reply(
            status=200,
            url=query.url,
            body=b'[{"id":%d,"date":"2026-01-0%dT00:00:00"}]' % (place, place),
            headers={"x-wp-total": "1", "x-wp-totalpages": "1"},
            fetched_at=f"2026-03-01T00:00:0{place}Z",
            warc=WarcRecord(file="run.warc.gz", offset=place, record=f"urn:uuid:{place}"),
        )
    assert list(answers) == ["en", "de"]
    origins = [merged.origin(number) for number in (1, 2)]
    assert [origin.fetched_at for origin in origins] == ["2026-03-01T00:00:01Z", "2026-03-01T00:00:02Z"]
    assert [one.warc.offset for one in origins if one.warc] == [1, 2]
    assert {one.url for one in origins} == {merged.url}
