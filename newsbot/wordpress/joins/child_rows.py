"""Reads a child of a post: a reply, an attachment or a revision. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import getsizeof
from typing import Any

from newsbot.article.text import plain_text
from newsbot.errors import RecordError
from newsbot.wordpress import records
from newsbot.wordpress.api import Site
from newsbot.wordpress.dates import utc
from newsbot.wordpress.values import row_id

FIELDS = {
    "replies": "id,post,parent,author,author_name,author_url,date,date_gmt,content,link",
    "attachments": "id,post,source_url,alt_text,caption,mime_type,media_details",
    "revisions": "id,parent,author,date_gmt,modified_gmt",
    "about": "name,slug,description,hierarchical,taxonomies,rest_base",
}
"""Name of a relation -> the fields that newsbot requests. ``about`` is the description of the post's type."""

CHILD = 750
"""The approximate bytes of a child besides its text."""


def add_child(found: dict[int, Any] | None, name: str, raw: Mapping[str, Any], site: Site) -> int:
    """Add a child to ``found``. Returns its approximate size in bytes; 0 if the child is not new."""
    if found is None:
        return 0
    try:
        child = _READERS[name](raw, site)
    except RecordError:
        return 0
    if child["id"] in found:
        return 0
    found[child["id"]] = child
    return CHILD + getsizeof(child.get("text") or child.get("caption") or "")


def _read_reply(raw: Mapping[str, Any], site: Site) -> dict[str, Any]:
    comment = records.read_comment(raw, site=site, fetched_at="", request_url="", personal=False)
    return {
        "id": comment.id,
        "parent": comment.parent,
        "author": comment.author.name if comment.author else None,
        "text": plain_text(comment.content_html or ""),
        "published": comment.published,
        "url": comment.url,
    }


def _read_revision(raw: Mapping[str, Any], site: Site) -> dict[str, Any]:
    author, modified = row_id(raw.get("author")), utc(raw.get("modified_gmt"), None, site)
    return {"id": records.record_id(raw), "author": author, "modified": modified}


def _read_attachment(raw: Mapping[str, Any], site: Site) -> dict[str, Any]:
    media = records.read_media(raw, site=site, fetched_at="", request_url="")
    return {name: getattr(media, name) for name in ("id", "file_url", "alt", "caption", "mime", "width", "height")}


_READERS: Mapping[str, Callable[[Mapping[str, Any], Site], dict[str, Any]]] = {
    "replies": _read_reply,
    "revisions": _read_revision,
    "attachments": _read_attachment,
}
