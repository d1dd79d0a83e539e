"""Checks of the API's description of itself, and of its objects, links and refusals."""

from __future__ import annotations

from tests.newsroom.records import ZERO
from tests.newsroom.rest_client import Ask
from tests.newsroom.truth import NOBODY, Check, Truth, ids_in, refused, walk

CHECKS: list[Check] = []


def contract(check: Check) -> Check:
    CHECKS.append(check)
    return check


@contract
def check_index_tells_name_home_zone_and_what_routes_accept(ask: Ask, truth: Truth) -> None:
    index = ask("/").json
    assert {"name", "description", "url", "home", "gmt_offset", "timezone_string", "namespaces", "routes"} <= set(index)
    assert "wp/v2" in index["namespaces"]
    assert index["timezone_string"] == truth.zone
    posts = index["routes"]["/wp/v2/posts"]["endpoints"][0]
    assert "GET" in posts["methods"]
    args = posts["args"]
    assert args["per_page"]["maximum"] == 100
    assert {"date", "id", "modified", "include", "slug", "title"} <= set(args["orderby"]["enum"])
    assert {"after", "before", "modified_after", "modified_before", "exclude", "offset", "tags"} <= set(args)


@contract
def check_options_equals_the_index(ask: Ask, truth: Truth) -> None:
    reply = ask("/wp/v2/posts", method="OPTIONS")
    if reply.status == 405 and truth.plain:
        # With plain permalinks the URL of the API is a folder. Nginx answers OPTIONS for a folder itself, with an
        # error.
        return
    declared = reply.json["endpoints"][0]["args"]
    index = ask("/").json["routes"]["/wp/v2/posts"]["endpoints"][0]["args"]
    assert declared["per_page"]["maximum"] == index["per_page"]["maximum"]
    assert declared["orderby"]["enum"] == index["orderby"]["enum"]


@contract
def check_types_and_taxonomies_name_their_routes(ask: Ask, truth: Truth) -> None:
    types, taxonomies = ask("/wp/v2/types").json, ask("/wp/v2/taxonomies").json
    assert types["post"]["rest_base"] == "posts"
    assert types["post"]["taxonomies"] == ["category", "post_tag"]
    assert types["attachment"]["rest_base"] == "media"
    assert taxonomies["category"]["hierarchical"] is True
    assert taxonomies["post_tag"]["rest_base"] == "tags"
    assert "post" in taxonomies["post_tag"]["types"]


@contract
def check_fields_are_cut_and_nest(ask: Ask, truth: Truth) -> None:
    whole = ask("/wp/v2/posts", {"per_page": 1}).json[0]
    cut = ask("/wp/v2/posts", {"per_page": 1, "_fields": "id,title.rendered,guid"}).json[0]
    assert cut == {"id": whole["id"], "guid": whole["guid"], "title": whole["title"]}
    assert "_links" not in cut
    nested = ask("/wp/v2/posts", {"per_page": 1, "_fields": "_links.self"}).json[0]
    assert list(nested["_links"]) == ["self"]


@contract
def check_a_post_has_cores_fields(ask: Ask, truth: Truth) -> None:
    post = ask("/wp/v2/posts", {"per_page": 1}).json[0]
    fields = {
        "id", "date", "date_gmt", "guid", "modified", "modified_gmt", "slug", "status", "type", "link", "title",
        "content", "excerpt", "author", "featured_media", "comment_status", "ping_status", "sticky", "template",
        "format", "meta", "categories", "tags", "_links",
    }  # fmt: skip
    assert fields <= set(post)
    assert ("class_list" in post) == (truth.core >= "6.6")
    assert set(post["content"]) == {"rendered", "protected"}
    assert (post["status"], post["type"]) == ("publish", "post")


@contract
def check_links_declare_relations_with_curies(ask: Ask, truth: Truth) -> None:
    post = next(row for row in ask("/wp/v2/posts", {"per_page": 100}).json if row["author"] and row["featured_media"])
    links = post["_links"]
    assert links["curies"] == [{"name": "wp", "href": "https://api.w.org/{rel}", "templated": True}]
    assert {"self", "collection", "about", "author", "replies", "version-history", "wp:attachment"} <= set(links)
    assert [term["taxonomy"] for term in links["wp:term"]] == ["category", "post_tag"]
    assert links["author"][0]["href"].endswith(f"/wp/v2/users/{post['author']}")
    assert links["author"][0]["embeddable"] is True
    assert ("targetHints" in links["self"][0]) == (truth.core >= "6.7")


@contract
def check_what_is_not_public_is_forbidden_and_what_is_not_there_is_unknown(ask: Ask, truth: Truth) -> None:
    for post in (truth.draft, truth.trashed):
        refused(ask(f"/wp/v2/posts/{post}"), 401, "rest_forbidden")
    refused(ask(f"/wp/v2/media/{truth.forbidden_image}"), 401, "rest_forbidden")
    refused(ask(f"/wp/v2/posts/{NOBODY}"), 404, "rest_post_invalid_id")
    refused(ask(f"/wp/v2/users/{NOBODY}"), 404, "rest_user_invalid_id")
    refused(ask(f"/wp/v2/tags/{NOBODY}"), 404, "rest_term_invalid")
    refused(ask(f"/wp/v2/comments/{NOBODY}"), 404, "rest_comment_invalid_id")
    refused(ask("/wp/v2/nothing"), 404, "rest_no_route")
    refused(ask("/wp/v2/posts", {"status": "draft"}), 400, "rest_invalid_param")
    refused(ask("/wp/v2/posts", {"context": "edit"}), 401, "rest_forbidden_context")


@contract
def check_revisions_are_closed_to_visitors(ask: Ask, truth: Truth) -> None:
    refused(ask(f"/wp/v2/posts/{min(truth.posts)}/revisions"), 401, "rest_cannot_read")


@contract
def check_media_of_a_draft_is_counted_and_not_given(ask: Ask, truth: Truth) -> None:
    reply = ask("/wp/v2/media", {"per_page": 1, "_fields": "id"})
    given = walk(ask, "/wp/v2/media", {"orderby": "id"})
    assert set(given) == truth.media
    assert int(reply.headers["x-wp-total"]) > len(given)


@contract
def check_a_protected_post_is_empty_and_says_so(ask: Ask, truth: Truth) -> None:
    post = ask(f"/wp/v2/posts/{truth.protected}").json
    assert post["content"] == {"rendered": "", "protected": True}
    # The API omits the prefix "Protected: " that pages and feeds have.
    assert not post["title"]["rendered"].startswith("Protected")


@contract
def check_oddities_of_dates_and_guids(ask: Ask, truth: Truth) -> None:
    assert ask(f"/wp/v2/posts/{truth.zero_date}").json["date"] == ZERO
    assert ask(f"/wp/v2/posts/{truth.empty_guid}").json["guid"]["rendered"] == ""


@contract
def check_gone_authors_and_images_stay_named(ask: Ask, truth: Truth) -> None:
    orphan = ask(f"/wp/v2/posts/{truth.deleted_author}").json
    assert orphan["author"] > 0
    refused(ask(f"/wp/v2/users/{orphan['author']}"), 404, "rest_user_invalid_id")
    authorless = ask(f"/wp/v2/posts/{truth.authorless}").json
    assert authorless["author"] == 0
    assert "author" not in authorless["_links"]
    pictured = ask(f"/wp/v2/posts/{truth.dangling_image}").json
    assert pictured["featured_media"] > 0
    refused(ask(f"/wp/v2/media/{pictured['featured_media']}"), 404, "rest_post_invalid_id")
    # The link leads to the API's root, because the route of a deleted object is empty.
    root = pictured["_links"]["collection"][0]["href"].removesuffix("wp/v2/posts")
    assert pictured["_links"]["wp:featuredmedia"][0]["href"] == root


@contract
def check_users_are_those_who_published(ask: Ask, truth: Truth) -> None:
    listed = ids_in(ask("/wp/v2/users", {"per_page": 100, "_fields": "id"}))
    assert truth.silent_user not in listed
    refused(ask(f"/wp/v2/users/{truth.silent_user}"), 401, "rest_user_cannot_view")
    refused(ask("/wp/v2/users", {"orderby": "registered_date"}), 401, "rest_forbidden_orderby")


@contract
def check_one_unreadable_post_closes_a_batch_of_comments(ask: Ask, truth: Truth) -> None:
    post = max(truth.posts)
    assert ask("/wp/v2/comments", {"post": post}).status == 200
    refused(ask("/wp/v2/comments", {"post": f"{post},{truth.draft}"}), 401, "rest_cannot_read_post")


@contract
def check_terms_take_one_post_and_media_take_many_parents(ask: Ask, truth: Truth) -> None:
    post = next(row for row in ask("/wp/v2/posts", {"per_page": 100, "_fields": "id,tags"}).json if row["tags"])
    tags = ask("/wp/v2/tags", {"post": post["id"], "per_page": 100, "_fields": "id"})
    assert sorted(ids_in(tags)) == sorted(post["tags"])
    refused(ask("/wp/v2/tags", {"post": f"{post['id']},1"}), 400, "rest_invalid_param")
    media = [row for row in ask("/wp/v2/media", {"per_page": 100, "_fields": "id,post"}).json if row["post"]][:2]
    parents = {row["post"] for row in media}
    found = ask("/wp/v2/media", {"parent": ",".join(map(str, parents)), "per_page": 100, "_fields": "id,post"})
    assert {row["post"] for row in found.json} == parents
    assert {row["id"] for row in media} <= set(ids_in(found))


@contract
def check_embedding_puts_the_linked_objects_in(ask: Ask, truth: Truth) -> None:
    rows = ask("/wp/v2/posts", {"per_page": 20, "_embed": "1"}).json
    post = next(row for row in rows if row["author"] and row["tags"])
    embedded = post["_embedded"]
    assert embedded["author"][0].get("id") == post["author"] or "code" in embedded["author"][0]
    assert {term["id"] for group in embedded["wp:term"] for term in group} == {*post["categories"], *post["tags"]}


@contract
def check_answers_ask_not_to_be_indexed_and_are_not_cacheable_by_tag(ask: Ask, truth: Truth) -> None:
    reply = ask("/wp/v2/posts", {"per_page": 1})
    assert reply.headers["x-robots-tag"] == "noindex"
    assert "etag" not in reply.headers
    assert reply.headers["content-type"].lower() == "application/json; charset=utf-8"
    assert 'rel="https://api.w.org/"' in ask("/wp/v2/types").headers["link"]
