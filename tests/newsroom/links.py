"""``_links`` as WordPress declares them, with CURIEs. Before 2017 relations were full URLs."""

from __future__ import annotations

from typing import Any

from tests.newsroom.archive import Archive
from tests.newsroom.places import BASES, Places
from tests.newsroom.records import Comment, Post, Term, User

Links = dict[str, Any]
_TAXONOMIES = {"post": (("category", "categories"), ("post_tag", "tags")), "story": (("beat", "beats"),)}


def _one(href: str, **more: Any) -> list[dict[str, Any]]:
    return [{**more, "href": href}]


def _own(route: str, row_id: int, about: str | None, places: Places) -> Links:
    own = _one(places.rest(f"{route}/{row_id}"))
    if places.options.core >= "6.7":
        own[0]["targetHints"] = {"allow": ["GET"]}
    made: Links = {"self": own, "collection": _one(places.rest(route))}
    return made | {"about": _one(places.rest(about))} if about else made


def _finish(made: Links, full: Links, places: Places) -> Links:
    """Put in WordPress's own relations, as CURIEs or, in 2016, as URLs."""
    if not full:
        return made
    if places.options.of_2016:
        return made | {f"https://api.w.org/{name}": value for name, value in full.items()}
    curies = [{"name": "wp", "href": "https://api.w.org/{rel}", "templated": True}]
    return made | {f"wp:{name}": value for name, value in full.items()} | {"curies": curies}


def of_post(row: Post, archive: Archive, places: Places) -> Links:
    route = f"/wp/v2/{BASES[row.type]}"
    made = _own(route, row.id, f"/wp/v2/types/{row.type}", places)
    if row.author:
        made["author"] = _one(places.rest(f"/wp/v2/users/{row.author}"), embeddable=True)
    made["replies"] = _one(places.rest("/wp/v2/comments", post=row.id), embeddable=True)
    if row.type == "attachment":
        return made
    count = row.revision + 1
    revisions = places.rest(f"{route}/{row.id}/revisions")
    made["version-history"] = _one(revisions) if places.options.of_2016 else _one(revisions, count=count)
    if not places.options.of_2016:
        # Revision ids are far higher than all other ids here.
        latest = 15_000_000 + row.id % 500_000
        made["predecessor-version"] = _one(f"{revisions}/{latest}", id=latest)
    if row.parent:
        made["up"] = _one(places.rest(f"{route}/{row.parent}"), embeddable=True)
    return _finish(made, _wordpress(row, archive, places), places)


def _wordpress(row: Post, archive: Archive, places: Places) -> Links:
    full: Links = {}
    if row.featured_media:
        # The route of a deleted image is empty, so that WordPress links to the API's root.
        exists = archive.row(row.featured_media) is not None
        href = places.rest(f"/wp/v2/media/{row.featured_media}") if exists else places.root
        full["featuredmedia"] = _one(href, embeddable=True)
    full["attachment"] = _one(places.rest("/wp/v2/media", parent=row.id))
    terms = [
        {"taxonomy": taxonomy, "embeddable": True, "href": places.rest(f"/wp/v2/{base}", post=row.id)}
        for taxonomy, base in _TAXONOMIES.get(row.type, ())
    ]
    return full | {"term": terms} if terms else full


def of_term(row: Term, places: Places) -> Links:
    base = BASES[row.taxonomy]
    made = _own(f"/wp/v2/{base}", row.id, f"/wp/v2/taxonomies/{row.taxonomy}", places)
    if row.parent:
        made["up"] = _one(places.rest(f"/wp/v2/{base}/{row.parent}"), embeddable=True)
    listing = "/wp/v2/stories" if row.taxonomy == "beat" else "/wp/v2/posts"
    return _finish(made, {"post_type": _one(places.rest(listing, **{base: row.id}))}, places)


def of_user(row: User, places: Places) -> Links:
    return _own("/wp/v2/users", row.id, None, places)


def of_comment(row: Comment, archive: Archive, places: Places) -> Links:
    made = _own("/wp/v2/comments", row.id, None, places)
    if row.author:
        made["author"] = _one(places.rest(f"/wp/v2/users/{row.author}"), embeddable=True)
    post = archive.row(row.post)
    if post is not None:
        href = places.rest(f"/wp/v2/{BASES[post.type]}/{post.id}")
        made["up"] = _one(href, embeddable=True, post_type=post.type)
    if row.parent:
        made["in-reply-to"] = _one(places.rest(f"/wp/v2/comments/{row.parent}"), embeddable=True)
    return made
