"""Metadata for Datasette: titles, the order of rows, facets, and the name of a row. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_TABLES: dict[str, dict[str, Any]] = {
    "posts": {
        "description": "Posts, pages and custom types. The search covers title, excerpt and clean text.",
        "sort_desc": "published",
        "facets": ["site", "type", "author_name", "language", "month", {"array": "categories"}],
        "label_column": "title",
        "size": 20,
    },
    "comments": {"sort_desc": "published", "facets": ["site", "status"], "label_column": "content_text"},
    "media": {"sort_desc": "published", "facets": ["site", "mime"], "label_column": "title"},
    "terms": {"sort_desc": "count", "facets": ["site", "type"], "label_column": "name"},
    "users": {"sort": "name", "facets": ["site"], "label_column": "name"},
    "post_terms": {
        "description": "The terms of each post, one a row.",
        "facets": ["site", "taxonomy"],
        "label_column": "name",
    },
    "changes": {
        "description": "Every revision in the archive: new, edited (and what was changed), deleted.",
        "sort_desc": "seen",
        "facets": ["site", "kind", "change", {"date": "seen"}],
    },
    "authors": {"description": "Each author with the number of posts.", "facets": ["site"]},
    "terms_of_posts": {"description": "Each term with the number of its posts.", "facets": ["site", "taxonomy"]},
    "latest_changes": {
        "description": "What was new, edited or deleted, the latest first.",
        "facets": ["site", "change", {"date": "seen"}],
    },
}

_OF_POSTS = ("post_terms", "authors", "terms_of_posts", "latest_changes")


def metadata(name: str, kinds: Sequence[str], site: str | None) -> dict[str, Any]:
    """The metadata of the database ``name``, as ``datasette -m`` reads it."""
    tables = [*kinds, "changes", *(_OF_POSTS if "posts" in kinds else ())]
    return {
        "title": site or name,
        "databases": {
            name: {
                "description": f"What newsbot's archive holds of {site or 'all its sites'}.",
                "source": "newsbot",
                "tables": {table: _TABLES[table] for table in tables},
            }
        },
    }
