"""Which part of a site an address and the arguments mean, and which rows belong to the part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from newsbot.errors import BadArgument, NoSuchPart
from newsbot.export.parts import chosen, names_of
from newsbot.wordpress.api import Api, RouteAccepts, Site
from newsbot.wordpress.meaning import Meaning
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.narrowing.addresses import meaning_of
from newsbot.wordpress.narrowing.finding import find_scope
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.scope import Scope, SiteScopes, has_words, scope_from_json
from newsbot.wordpress.site_json import site_as_json, site_from_json
from tests.unit import model_site

HOME = "https://a.example"
CATEGORIES = [
    {"id": 5, "name": "Caf&eacute; &amp; Bar", "slug": "cafe", "parent": 0},
    {"id": 6, "name": "Wine", "slug": "wine", "parent": 5},
    {"id": 7, "name": "Red", "slug": "red", "parent": 6},
    {"id": 8, "name": "Politics", "slug": "politics", "parent": 8},
]
Objects = Mapping[str, list[dict[str, Any]]]


def a_site(**routes: RouteAccepts) -> Site:
    return Site(key=HOME, home=HOME, api=Api(root=f"{HOME}/wp-json/"), accepts=dict(routes))


def page(classes: str = "", *, json: str = "", status: int = 200) -> Reply:
    link = f'<{HOME}/wp-json/>; rel="https://api.w.org/"' + (
        f', <{HOME}/wp-json/wp/v2/{json}>; rel="alternate"; title="JSON"; type="application/json"' if json else ""
    )
    return Reply(status=status, url=HOME, headers={"link": link}, body=f'<body class="{classes}">'.encode())


@pytest.mark.parametrize(
    ("address", "answered", "kind", "found"),
    [
        ("/", None, "site", None),
        ("/feed/", page(), "site", None),
        ("/wp-json/wp/v2/posts", None, "site", None),
        ("/sitemap_index.xml", page(), "site", None),
        ("/en/", page("home blog"), "site", None),
        ("/ressort/wine/", page("archive category", json="categories/6"), "term", 6),
        ("/ressort/wine/page/2/", page("archive category category-wine category-6 paged"), "term", 6),
        ("/x/wine/feed/", page(json="categories/6"), "term", 6),
        ("/by/ann/", page("archive author author-ann author-3"), "author", 3),
        ("/2024/05/a-post/", page("single postid-12", json="posts/12"), "article", 12),
        ("/about/", page("page page-id-4"), "article", 4),
        ("/?p=12", None, "article", 12),
        ("/?cat=6", None, "term", 6),
        ("/?s=red+wine", None, "search", "red wine"),
        ("/search/red+wine/", page("search search-results"), "search", "red wine"),
        ("/2024/05/", page("archive date"), "date", None),
        ("/nothing/", page(status=404), "missing", "HTTP 404"),
        ("/bare-theme/", page(), "unknown", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_address_is_resolved_to_a_part_of_the_site(
    address: str, answered: Reply | None, kind: str, found: object
) -> None:
    answered = None if answered is None else replace(answered, url=HOME + address)
    meaning = meaning_of(HOME + address, answered, a_site())
    assert (meaning.kind, meaning.id if meaning.id is not None else meaning.text) == (kind, found)


def scope_of(objects: Objects, meaning: Meaning | None = None, *, kind: str = "posts", **given: Any) -> Scope | None:
    """The scope that the site's answers give; an object route answers 404 where the object is unknown."""
    site = a_site()
    site.meanings = {HOME + "/x/": meaning} if meaning is not None else {}
    search = find_scope(site, Options(url=HOME + "/x/", kind=kind, **given))
    reply: Any = None
    for _ in range(20):
        try:
            query = search.send(reply)
        except StopIteration as end:
            assert site_from_json(orjson.loads(orjson.dumps(site_as_json(site)))) == site
            return end.value  # type: ignore[no-any-return]
        parts = urlsplit(query.url)
        base, _, number = parts.path.removeprefix("/wp-json/wp/v2/").partition("/")
        params = dict(parse_qsl(parts.query))
        rows = [
            one
            for one in objects.get(base, [])
            if params.get("slug") in (None, one["slug"]) and params.get("include") in (None, str(one["id"]))
        ]
        body: Any = rows if not number else next((one for one in rows if str(one["id"]) == number), None)
        if body is None or base not in objects:
            body = {"code": "rest_no_route", "message": "No", "data": {"status": 404}}
        reply = Reply(status=404 if "code" in body else 200, url=query.url, body=orjson.dumps(body))
    raise AssertionError("the search does not end")


@pytest.mark.parametrize("name", ["cafe", "5", "CAFE & BAR"])
def test_category_includes_its_child_categories(name: str) -> None:
    scope = scope_of({"categories": CATEGORIES}, category=(name,))
    assert scope is not None
    assert (scope.params("posts"), scope.told) == ({"categories": "5,6,7"}, "the category Café & Bar with 2 below it")


@pytest.mark.parametrize(("given", "base"), [("category", "categories"), ("tag", "tags"), ("author", "users")])
def test_name_of_several_terms_selects_all_of_them(given: str, base: str) -> None:
    objects = {base: [{"id": number, "name": "Sport", "slug": f"sport-{number}", "parent": 0} for number in (1, 2)]}
    for name, ids in (("sport", "1,2"), ("sport-2", "2")):
        wanted: dict[str, Any] = {given: (name,)}
        scope = scope_of(objects, **wanted)
        assert scope is not None
        assert list(scope.params("posts").values()) == [ids]
        assert scope.told == f"the {given} " + ("Sport (sport-1) or Sport (sport-2)" if name == "sport" else "Sport")


def test_conditions_of_address_and_arguments_are_combined() -> None:
    users = [{"id": 3, "name": "Ann Lee", "slug": "ann"}]
    meaning = Meaning(kind="term", base="categories", id=8)
    scope = scope_of({"categories": CATEGORIES, "users": users}, meaning, author=("ann",), search="red wine")
    assert scope is not None
    assert scope.params("posts") == {"categories": "8", "author": "3", "search": "red wine"}
    assert scope_from_json(orjson.loads(orjson.dumps(scope.as_json()))) == scope


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"category": ("politic",)}, "has no category 'politic'; near: politics. Give its slug"),
        ({"tag": ("x",)}, "does not list its tags"),
        ({"meaning": Meaning(kind="missing", text="HTTP 404")}, "nothing is at .* is the whole site"),
        ({"meaning": Meaning(kind="date")}, "since= and until="),
        ({"meaning": Meaning(kind="unknown")}, "cannot tell which part"),
        ({"meaning": Meaning(kind="term", base="categories", id=8), "category": ("cafe",)}, "Politics already: give"),
        (
            {"meaning": Meaning(kind="term", base="categories", id=8), "kind": "users"},
            "lists users of a whole site only",
        ),
        ({"meaning": Meaning(kind="article", base="posts", id=9)}, "does not show the article"),
    ],
    ids=str,
)
def test_unknown_part_gives_one_line_and_not_the_whole_site(given: dict[str, Any], message: str) -> None:
    with pytest.raises(NoSuchPart, match=message):
        scope_of({"categories": CATEGORIES}, **given)


def test_author_is_selected_by_id_when_the_site_hides_its_authors() -> None:
    scope = scope_of({"categories": []}, Meaning(kind="author", id=3))
    assert scope is not None
    assert (scope.authors, scope.told) == ((3,), "the author 3")


def test_address_is_resolved_by_its_slug_when_the_theme_gives_no_ids() -> None:
    objects: Objects = {
        "posts": [{"id": 9, "slug": "x", "link": f"{HOME}/other/x/", "type": "post"}],
        "pages": [{"id": 12, "slug": "x", "link": f"{HOME}/x/", "type": "page"}],
    }
    scope = scope_of(objects, Meaning(kind="unknown"))
    assert scope is not None
    assert (scope.article, scope.type, scope.params("posts")) == (12, "page", {"include": 12})


def test_article_is_requested_alone_when_the_site_lists_another_one_for_its_id() -> None:
    site = a_site()
    site.meanings = {HOME: Meaning(kind="article", base="posts", id=9)}
    search = find_scope(site, Options(url=HOME, kind="posts"))
    listing = next(search)
    assert dict(parse_qsl(urlsplit(listing.url).query))["include"] == "9"
    single = search.send(Reply(status=200, url=listing.url, body=b'[{"id": 5, "type": "post"}]'))
    assert urlsplit(single.url).path == "/wp-json/wp/v2/posts/9"
    with pytest.raises(StopIteration) as ended:
        search.send(Reply(status=200, url=single.url, body=b'{"id": 9, "type": "story"}'))
    assert (ended.value.value.article, ended.value.value.type) == (9, "story")


def test_objects_outside_of_the_part_are_recognised_by_their_fields() -> None:
    scope = Scope(terms={"categories": (5, 6)}, authors=(3,))
    assert scope.has_object({"categories": [6], "author": 3})
    assert scope.has_object({"categories": {"0": 6, "2": 1}})
    assert not scope.has_object({"categories": [7], "author": 3})
    assert not scope.has_object({"categories": [], "author": 3})
    assert not scope.has_object({"categories": [5], "author": 4})


def test_search_ignores_case_and_accents() -> None:
    row = {"title": "Café Noir", "content_text": "Red wine and cheese", "excerpt": None}
    assert has_words(row, 'cafe "red WINE"')
    assert not has_words(row, "cafe beer")
    assert not has_words(row, "wine -cheese")


ROWS: list[dict[str, Any]] = [
    {"id": 1, "terms": [{"taxonomy": "category", "id": 6, "name": "Wine", "slug": "wine", "parent": 5}]},
    {"id": 2, "terms": [{"taxonomy": "category", "id": 5, "name": "Bar", "slug": "bar", "parent": None}],
     "author": {"id": 3, "name": "Ann Lee", "slug": "ann"}},
    {"id": 3, "terms": [{"taxonomy": "category", "id": None, "name": "Bar"}], "author": {"id": None, "name": "Bo"}},
    {"id": 4, "terms": [{"taxonomy": "category", "id": 5, "name": "Economy", "slug": "economy", "parent": None}],
     "author": {"id": 3, "name": "Cy", "slug": "cy"}, "site": "https://b.example"},
]  # fmt: skip
for _row in ROWS:
    _row.setdefault("site", HOME)


def held(option: str, *names: str) -> list[int]:
    found = chosen(option, names, names_of(ROWS))
    scopes = SiteScopes(
        {
            site: Scope(authors=keys) if option == "author" else Scope(terms={option: keys})
            for site, keys in found.items()
        }
    )
    return [row["id"] for row in ROWS if scopes.has_row(row)]


def test_names_are_resolved_from_rows_of_the_archive() -> None:
    assert held("category", "bar") == [1, 2, 3]  # 3 came from a feed, which gives a section by its name alone
    assert held("author", "Ann Lee", "bo") == [2, 3]
    with pytest.raises(BadArgument, match="no row of the archive has the category 'wien'; near: wine"):
        held("category", "wien")


def test_id_is_resolved_within_its_site() -> None:
    assert (held("category", "economy"), held("author", "cy")) == ([4], [4])
    assert held("category", "bar", "economy") == [1, 2, 3, 4]
    assert held("category", "5") == [1, 2, 3, 4]


@pytest.mark.parametrize("has_totals", [True, False])
@pytest.mark.parametrize("follow", ["author", ""])
@pytest.mark.parametrize("scope", [Scope(terms={"categories": (5,)}), Scope(search="harbour")], ids=["terms", "search"])
def test_a_site_that_ignores_the_part_delivers_nothing(scope: Scope, follow: str, has_totals: bool) -> None:
    # The model site knows neither parameter, and gives every post.
    model = model_site.ModelSite({number: model_site.Object(number, number) for number in range(1, 6)})
    facts = SiteFacts(asked=HOME)
    if not has_totals:
        model.total = lambda _: None
    options = Options(url=HOME, scope=scope, follow=frozenset(follow.split()))
    site = model_site.site()
    site.accepts["/wp/v2/posts"] = RouteAccepts(params=frozenset({"per_page", "categories", "search", "exclude"}))
    rows, _ = model_site.listen(crawl_collections(site, options, facts), _with_categories(model))
    assert rows == []
    assert (facts.verdict, "ignores" in facts.why) == ("incomplete", True)


def _without_include(params: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if name != "include"}


def test_a_site_that_lists_another_post_for_the_id_of_an_article_delivers_nothing() -> None:
    model = model_site.ModelSite({number: model_site.Object(number, number) for number in range(1, 6)})
    plain = model._matching
    model._matching = lambda params: plain(_without_include(params))  # type: ignore[method-assign]
    site, facts = model_site.site(), SiteFacts(asked=HOME)
    site.accepts["/wp/v2/posts"] = RouteAccepts(params=frozenset({"per_page", "include", "exclude"}))
    options = Options(url=HOME, scope=Scope(article=3, type="post"), limit=1, follow=frozenset())
    rows, _ = model_site.listen(crawl_collections(site, options, facts), model)
    assert (rows, facts.verdict) == ([], "incomplete")
    assert "the site ignores include=" in facts.why


def test_article_is_found_among_rows_of_a_site_that_ignores_include_and_per_page() -> None:
    model = model_site.ModelSite({number: model_site.Object(number, number) for number in range(1, 6)})
    plain, page = model._matching, model._posts
    model._matching = lambda params: plain(_without_include(params))  # type: ignore[method-assign]
    model._posts = lambda params: page({**params, "per_page": "10"})  # type: ignore[method-assign]
    site, facts = model_site.site(), SiteFacts(asked=HOME)
    site.accepts["/wp/v2/posts"] = RouteAccepts(params=frozenset({"per_page", "include", "exclude"}))
    options = Options(url=HOME, scope=Scope(article=3, type="post"), limit=1, follow=frozenset())
    rows, _ = model_site.listen(crawl_collections(site, options, facts), model)
    assert ([row.id for row in rows], facts.verdict) == ([3], "complete"), facts.why


def test_an_article_outside_of_the_window_is_not_missing() -> None:
    model = model_site.ModelSite({number: model_site.Object(number, number) for number in range(1, 6)})
    late, early = {"since": "2035-01-01T00:00:00"}, {"until": "2015-01-01T00:00:00"}
    windows: list[tuple[dict[str, Any], str]] = [({}, "incomplete"), (late, "complete"), (early, "complete")]
    for window, verdict in windows:
        site, facts = model_site.site(), SiteFacts(asked=HOME)
        site.accepts["/wp/v2/posts"] = RouteAccepts(params=frozenset({"per_page", "include", "exclude"}))
        options = Options(url=HOME, scope=Scope(article=9, type="post"), limit=1, follow=frozenset(), **window)
        rows, _ = model_site.listen(crawl_collections(site, options, facts), model)
        assert (rows, facts.verdict) == ([], verdict), facts.why


@pytest.mark.parametrize("has_totals", [True, False])
def test_search_with_different_results_for_different_words_is_accepted(has_totals: bool) -> None:
    model = model_site.ModelSite({number: model_site.Object(number, number) for number in range(1, 9)})
    if not has_totals:
        model.total = lambda _: None
    plain = model._matching

    def halves(params: dict[str, str]) -> list[model_site.Object]:
        return [row for row in plain(params) if (row.id <= 4) == (params.get("search") == "harbour")]

    model._matching = halves  # type: ignore[method-assign]
    site, facts = model_site.site(), SiteFacts(asked=HOME)
    site.accepts["/wp/v2/posts"] = RouteAccepts(params=frozenset({"per_page", "search", "exclude"}))
    options = Options(url=HOME, scope=Scope(search="harbour"), follow=frozenset())
    rows, _ = model_site.listen(crawl_collections(site, options, facts), model)
    assert (sorted(row.id for row in rows), facts.verdict) == ([1, 2, 3, 4], "complete"), facts.why


def _with_categories(model: model_site.ModelSite) -> model_site.ModelSite:
    plain = model._row
    model._row = lambda one, params: plain(one, params) | {"categories": [1]}  # type: ignore[method-assign]
    return model


def test_type_that_cannot_be_listed_by_the_part_is_reported() -> None:
    facts = SiteFacts(asked=HOME)
    site = model_site.site()
    site.accepts["/wp/v2/pages"] = RouteAccepts(params=frozenset({"per_page", "search"}))
    options = Options(url=HOME, types=("page",), scope=Scope(terms={"categories": (5,)}))
    rows, _ = model_site.listen(crawl_collections(site, options, facts), model_site.ModelSite({}))
    assert (rows, facts.why) == ([], "page: the site does not list page by categories=")


def test_message_for_a_type_of_another_spider_names_this_spider() -> None:
    facts = SiteFacts(asked=HOME)
    site = model_site.site()
    steps = crawl_collections(site, Options(url=HOME, types=("comment",)), facts)
    next(steps)
    body = orjson.dumps({"post": {"rest_base": "posts"}})
    with pytest.raises(StopIteration):
        steps.send(Reply(status=200, url=HOME, body=body))
    assert facts.why == "comment: no public type 'comment' here; the site offers post. wp_comments brings this type"


def test_reason_does_not_repeat_itself() -> None:
    stopped = Reply(status=0, url=HOME, error="stopped", detail="the crawl is stopping")
    assert stopped.reason == "the crawl is stopping"
