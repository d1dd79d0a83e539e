"""``_embed``: the embeddable links of an object, with the linked objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.newsroom.rest import Rest


def embed(whole: dict[str, Any], rest: Rest) -> dict[str, list[Any]]:
    """Author, featured image and terms. For an object that cannot be read, the error of reading it is embedded."""
    made: dict[str, list[Any]] = {}
    declared = whole["_links"]
    if "author" in declared:
        made["author"] = [rest.embedded("users", whole["author"])]
    for name in ("wp:featuredmedia", "https://api.w.org/featuredmedia"):
        if name in declared:
            made[name] = [rest.embedded("media", whole["featured_media"])]
    for name in ("wp:term", "https://api.w.org/term"):
        if name in declared:
            made[name] = [rest.terms_of(whole["id"], link["taxonomy"]) for link in declared[name]]
    return made
