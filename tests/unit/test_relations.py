"""Linked objects of sites that declare their relations in unusual ways, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from newsbot.items import Author, Post
from newsbot.wordpress.joins.coauthors import all_authors, authors_in
from newsbot.wordpress.joins.given import read_links
from newsbot.wordpress.joins.relations import learn
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from tests.unit.model_site import HOME, ModelSite, Object, listen, site

BASE = f"{HOME}/wp-json/wp/v2"


@dataclass
class Themed(ModelSite):
    """A site whose theme changes the rows: ``row`` gives fields, ``links`` their ``_links`` (None: none at all).

    ``lists`` are rows of linked objects by route.
    """

    row: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] | None = None
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    taxonomies: dict[str, Any] | None = None

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        if route == "/wp/v2/taxonomies" and self.taxonomies is not None:
            return 200, None, self.taxonomies
        if route in self.lists:
            wanted = params.get("include", "").split(",")
            rows = [row for row in self.lists[route] if "include" not in params or str(row["id"]) in wanted]
            return 200, len(rows), rows
        if route.startswith("/wp/v2/posts"):
            return super()._answer(route, params)
        return 404, None, {"code": "rest_no_route", "message": "No.", "data": {"status": 404}}

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        row = super()._row(one, params) | self.row
        row.pop("_links", None)
        if self.links is not None:
            row["_links"] = self.links
        names = params.get("_fields", "").split(",")
        return {key: value for key, value in row.items() if not names[0] or key in names}


def crawled(model: Themed) -> tuple[Post, SiteFacts]:
    """The first of five posts, and the site's facts."""
    facts = SiteFacts(asked=HOME)
    here = site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    records, _ = listen(crawl_collections(here, Options(url=HOME), facts), model)
    assert len(records) == 5
    first = records[0]
    assert isinstance(first, Post)
    return first, facts


def themed(**fields: Any) -> Themed:
    return Themed({number: Object(number, number) for number in range(1, 6)}, **fields)


NEWS = {"id": 3, "name": "News", "slug": "news", "taxonomy": "category"}
BEAT = {"id": 4, "name": "Courts", "slug": "courts", "taxonomy": "beat"}
ANN = {"id": 1, "name": "Ann", "slug": "ann"}
LISTS = {"/wp/v2/categories": [NEWS], "/wp/v2/users": [ANN], "/wp/v2/tags": []}


def terms_of(post: Post) -> list[tuple[str, int | None, str | None]]:
    return [(term.taxonomy, term.id, term.name) for term in post.terms]


def test_links_are_joined_by_core_routes_and_taxonomies_when_a_theme_removes_links() -> None:
    taxonomies = {
        "category": {"rest_base": "categories", "types": ["post"]},
        "beat": {"rest_base": "beats", "rest_namespace": "news/v1", "types": ["post"]},
        "nav": {"rest_base": "navs", "types": ["nav_menu_item"]},
    }
    lists = LISTS | {"/news/v1/beats": [BEAT]}
    post, facts = crawled(themed(row={"categories": [3], "beats": [4]}, lists=lists, taxonomies=taxonomies))
    assert (post.author, terms_of(post)) == (
        Author(id=1, name="Ann", slug="ann"), [("category", 3, "News"), ("beat", 4, "Courts")],
    )  # fmt: skip
    links = facts.collections["post"].links
    assert (links["links_undeclared"], facts.verdict) == (1, "complete")


@dataclass
class Emptied(Themed):
    """A site that gives an empty page, with its true total, for the first ``empty`` queries that learn relations."""

    empty: int = 0

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        status, total, rows = super()._answer(route, params)
        if "_links" in params.get("_fields", "").split(",") and self.empty:
            self.empty -= 1
            rows = []
        return status, total, rows


@pytest.mark.parametrize(("empty", "undeclared"), [(1, 0), (99, 1)])
def test_links_are_joined_when_the_first_page_is_empty(empty: int, undeclared: int) -> None:
    links = {
        "author": [{"href": f"{BASE}/users/1"}],
        "https://api.w.org/term": [term_link("category", "/wp/v2/categories")],
    }
    objects = {number: Object(number, number) for number in range(1, 6)}
    post, facts = crawled(Emptied(objects, row={"categories": [3]}, links=links, lists=LISTS, empty=empty))
    assert (post.categories, post.author) == (["News"], Author(id=1, name="Ann", slug="ann"))
    assert facts.collections["post"].links["links_undeclared"] == undeclared


def test_taxonomies_of_core_are_requested_without_a_list_of_taxonomies() -> None:
    post, facts = crawled(themed(row={"categories": [3]}, lists=LISTS))
    assert (post.categories, facts.verdict) == (["News"], "complete")


@pytest.mark.parametrize("author", ["users/ann", "other", None])
def test_author_whose_link_has_no_id_is_requested_by_the_route_of_core(author: str | None) -> None:
    href = {"users/ann": f"{BASE}/users/ann", "other": "https://b.example/author/ann/"}.get(author or "")
    links = {"about": [{"href": f"{BASE}/types/post"}], **({"author": [{"href": href}]} if href else {})}
    post, _ = crawled(themed(links=links, lists=LISTS))
    assert post.author == Author(id=1, name="Ann", slug="ann")


def test_terms_are_joined_when_a_theme_removes_only_the_term_link() -> None:
    links = {"author": [{"href": f"{BASE}/users/1"}]}
    post, _ = crawled(themed(row={"categories": [3]}, links=links, lists=LISTS))
    assert post.categories == ["News"]


def term_link(taxonomy: str, route: str) -> dict[str, Any]:
    return {"taxonomy": taxonomy, "href": f"{HOME}/wp-json{route}?post=1"}


def test_field_of_a_taxonomy_can_contain_a_slash() -> None:
    links = {
        "https://api.w.org/term": [
            term_link("beat", "/wp/v2/docs/categories"),
            term_link("category", "/wp/v2/categories"),
        ]
    }
    row = {"categories": [3], "docs/categories": [4]}
    post, _ = crawled(themed(row=row, links=links, lists=LISTS | {"/wp/v2/docs/categories": [BEAT]}))
    assert terms_of(post) == [("beat", 4, "Courts"), ("category", 3, "News")]


def test_two_taxonomies_with_one_rest_base_give_each_term_once() -> None:
    links = {
        "https://api.w.org/term": [term_link("beat", "/wp/v2/categories"), term_link("category", "/wp/v2/categories")]
    }
    post, _ = crawled(themed(row={"categories": [3]}, links=links, lists=LISTS))
    assert terms_of(post) == [("category", 3, "News")]


@pytest.mark.parametrize(
    "given",
    [
        [{"term_id": 3, "name": "News", "slug": "news", "taxonomy": "category"}],
        [{"id": 3}],
        ["3"],
        ["News"],
        ["news"],
        {"0": {"id": "3", "name": "News"}, "2": {"id": 3}},
        {"id": 3, "name": "News", "count": 7},
    ],
)
def test_terms_given_as_objects_names_or_slugs_are_joined(given: Any) -> None:
    links = {"https://api.w.org/term": [term_link("category", "/wp/v2/categories")]}
    post, _ = crawled(themed(row={"categories": given}, links=links, lists=LISTS))
    assert (set(post.categories), {term.id for term in post.terms}) == ({"News"}, {3})


def test_a_name_that_no_term_has_stays_a_name_without_an_id() -> None:
    links = {"https://api.w.org/term": [term_link("category", "/wp/v2/categories")]}
    model = themed(row={"categories": ["Elsewhere", "Elsewhere too"]}, links=links, lists=LISTS)
    post, facts = crawled(model)
    assert (post.categories, facts.verdict) == (["Elsewhere", "Elsewhere too"], "complete")
    assert [route for route, _ in model.asked].count("/wp/v2/categories") == 1


@pytest.mark.parametrize(
    ("given", "author"),
    [
        ({"ID": 1, "display_name": "Ann", "user_nicename": "ann"}, Author(id=1, name="Ann", slug="ann")),
        ({"id": 1}, Author(id=1, name="Ann", slug="ann")),
        ("ann", Author(id=1, name="Ann", slug="ann")),
        ("Ann", Author(id=1, name="Ann", slug="ann")),
        ("Ann Writer", Author(name="Ann Writer")),
    ],
)
def test_author_given_as_an_object_or_a_name_is_read(given: Any, author: Author) -> None:
    links = {"author": [{"href": f"{BASE}/users/1"}]}
    post, _ = crawled(themed(row={"author": given}, links=links, lists=LISTS))
    assert post.author == author


NAMESAKE = {"id": 2, "name": "Ann", "slug": "ann-2"}
OTHERS = [{"id": number, "name": f"Writer {number}", "slug": f"writer-{number}"} for number in range(3, 102)]


@pytest.mark.parametrize(
    ("given", "users", "author"),
    [
        ("Ann", [ANN, NAMESAKE], Author(name="Ann")),
        ("ann", [ANN, NAMESAKE], Author(name="ann")),
        ("ann-2", [ANN, NAMESAKE], Author(id=2, name="Ann", slug="ann-2")),
        # The list of users is longer than its first page.
        ("Ann", [ANN, *OTHERS], Author(name="Ann")),
        ("ann", [ANN, *OTHERS], Author(id=1, name="Ann", slug="ann")),
    ],
)
def test_author_name_of_several_users_has_no_id(given: str, users: list[dict[str, Any]], author: Author) -> None:
    links = {"author": [{"href": f"{BASE}/users/1"}]}
    post, _ = crawled(themed(row={"author": given}, links=links, lists=LISTS | {"/wp/v2/users": users}))
    assert post.author == author


PUBLISHPRESS = [
    {"term_id": 50, "user_id": 1, "is_guest": 0, "slug": "ann", "display_name": "Ann"},
    {"term_id": 51, "user_id": 0, "is_guest": 1, "slug": "cy", "display_name": "Cy Third"},
]
GUESTS = [
    {"ID": 1, "type": "wpuser", "display_name": "Ann", "user_nicename": "ann"},
    {"ID": 344, "type": "guest-author", "display_name": "Cy Third", "user_nicename": "cy"},
]
"""Whole objects of Co-Authors Plus. A guest author of it is a post."""
SNIPPET = [{"display_name": "Ann", "user_nicename": "ann"}, {"display_name": "Cy Third", "user_nicename": "cy"}]


@pytest.mark.parametrize(
    ("row", "authors"),
    [
        ({"authors": PUBLISHPRESS}, [(1, "Ann", "ann"), (None, "Cy Third", "cy")]),
        ({"coauthors": SNIPPET}, [(1, "Ann", "ann"), (None, "Cy Third", "cy")]),
        ({"coauthors": GUESTS}, [(1, "Ann", "ann"), (None, "Cy Third", "cy")]),
        ({"authors": GUESTS}, [(1, "Ann", "ann"), (None, "Cy Third", "cy")]),
        ({"coauthors": [50, 51]}, [(1, "Ann", "ann"), (None, "Cy Third", "cy")]),
        ({"authors": [50, 51]}, []),
        # A guest who has the name of a user.
        ({"coauthors": [{"type": "guest-author", "display_name": "Ann"}]}, [(None, "Ann", None)]),
    ],
)
def test_coauthors_of_common_plugins_are_read(row: dict[str, Any], authors: list[tuple[int | None, str, str]]) -> None:
    links = {
        "author": [{"href": f"{BASE}/users/1"}],
        "https://api.w.org/term": [term_link("author", "/wp/v2/coauthors")],
    }
    terms = [
        {"id": 50, "name": "ann", "slug": "cap-ann", "taxonomy": "author", "description": "Ann ann 1"},
        {"id": 51, "name": "cyril", "slug": "cap-cy", "taxonomy": "author",
         "description": "Cy Third Cy Third cyril 344 cy@b.example"},
    ]  # fmt: skip
    post, _ = crawled(themed(row=row, links=links, lists=LISTS | {"/wp/v2/coauthors": terms}))
    assert [(author.id, author.name, author.slug) for author in post.authors] == authors


def test_post_without_a_coauthor_plugin_has_no_coauthors() -> None:
    assert authors_in({"authors": "Ann", "coauthors": {"x": 1}}) == []
    assert all_authors([], [], Author(id=1, name="Ann")) == []


@pytest.mark.parametrize("value", [None, "", 0, False, [], {}, [None, 0, ""], {"name": ""}, 1.5, [[1]]])
@pytest.mark.parametrize("kind", ["users", "terms", "media"])
def test_field_without_a_link_gives_no_ids(value: Any, kind: str) -> None:
    links = read_links(value, kind, "category")
    assert (links.ids, links.given) == ([], [])


def test_image_given_by_its_url_is_read() -> None:
    (image,) = read_links("https://a.example/1.jpg", "media", None).given
    assert getattr(image, "url", None) == "https://a.example/1.jpg"


def test_field_of_a_taxonomy_in_another_namespace_is_its_rest_base() -> None:
    links = {"https://api.w.org/term": [term_link("beat", "/news/v2beta/a/b")]}
    assert [found.field for found in learn([{"id": 1, "_links": links}], site().api)] == ["a/b"]
