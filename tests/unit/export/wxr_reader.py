"""A strict reader of WXR: what WordPress's importer reads, and an error where the importer would guess or skip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

WP = "{http://wordpress.org/export/1.2/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
EXCERPT = "{http://wordpress.org/export/1.2/excerpt/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"

_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_TERMS = {
    "category": ("category_nicename", "category_parent", "cat_name", "category_description"),
    "tag": ("tag_slug", None, "tag_name", "tag_description"),
    "term": ("term_slug", "term_parent", "term_name", "term_description"),
}
_ITEM = {
    *("post_id", "post_date", "post_date_gmt", "post_modified", "post_modified_gmt", "comment_status", "ping_status"),
    *("post_name", "status", "post_parent", "menu_order", "post_type", "post_password", "is_sticky", "attachment_url"),
}


class Malformed(ValueError):
    """The file is not a WXR that every importer reads."""


@dataclass(slots=True)
class Wxr:
    """``terms``: (taxonomy, slug) -> term. ``items``: id -> item, with ``comments`` by id."""

    site: str
    title: str
    authors: dict[str, dict[str, str]] = field(default_factory=dict)
    terms: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    items: dict[int, dict[str, Any]] = field(default_factory=dict)


def read(data: bytes, *, own: bool = True) -> Wxr:
    """``own``: the file is of newsbot, whose terms stand after their parents. Raises Malformed and XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=False)
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.doctype:
        raise Malformed("the file has a doctype, which the importer refuses")
    [channel] = root
    if channel.findtext(f"{WP}wxr_version") != "1.2":
        raise Malformed("the version is not 1.2")
    wxr = Wxr(site=text(channel, f"{WP}base_site_url"), title=text(channel, "title"))
    for child in channel:
        tag = str(child.tag)
        name = tag.removeprefix(WP)
        if name == "author":
            _add(wxr.authors, _plain(child)["author_login"], _plain(child))
        elif tag.startswith(WP) and name in _TERMS:
            term = _term(name, _plain(child))
            _add(wxr.terms, (term["taxonomy"], term["slug"]), term)
            if own and term["parent"] and (term["taxonomy"], term["parent"]) not in wxr.terms:
                raise Malformed(f"the parent of the term {term['slug']} does not stand before it")
        elif name == "item":
            item = _item(child)
            _add(wxr.items, item["id"], item)
    return wxr


def text(element: Any, name: str) -> str:
    return element.findtext(name) or ""


def _add(known: dict[Any, Any], key: Any, value: Any) -> None:
    if key in known or not key:
        raise Malformed(f"the key {key!r} stands twice or is empty")
    known[key] = value


def _plain(element: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in element:
        if child.tag.startswith(WP) and not len(child):
            _add(found, child.tag.removeprefix(WP), child.text or "")
    return found


def _term(kind: str, values: dict[str, str]) -> dict[str, str]:
    slug, parent, name, description = _TERMS[kind]
    taxonomy = {"category": "category", "tag": "post_tag"}.get(kind) or values["term_taxonomy"]
    return {
        "id": str(int(values["term_id"])),
        "taxonomy": taxonomy,
        "slug": values[slug],
        "parent": values[parent] if parent else "",
        "name": values[name],
        "description": values.get(description, ""),
    }


def _item(element: Any) -> dict[str, Any]:
    values = _plain(element)
    if values.keys() - _ITEM:
        raise Malformed(f"an item has unknown elements: {values.keys() - _ITEM}")
    for name in ("post_date", "post_date_gmt", "post_modified", "post_modified_gmt"):
        if values.get(name) and not _DATE.fullmatch(values[name]):
            raise Malformed(f"{name} is no date: {values[name]}")
    return {
        **{name: int(values[name]) for name in ("post_id", "post_parent", "menu_order", "is_sticky")},
        **{name: values[name] for name in ("post_date", "post_date_gmt", "post_modified", "post_modified_gmt")},
        "id": int(values["post_id"]),
        "type": values["post_type"],
        "status": values["status"],
        "slug": values["post_name"],
        "comment_status": values["comment_status"],
        "password": values["post_password"],
        "file": values.get("attachment_url"),
        "title": text(element, "title"),
        "guid": text(element, "guid"),
        "author": text(element, CREATOR),
        "content": text(element, CONTENT),
        "excerpt": text(element, EXCERPT),
        "terms": sorted(
            (category.attrib["domain"], category.attrib["nicename"]) for category in element.iter("category")
        ),
        "meta": dict(_meta(element)),
        "comments": dict(_comments(element)),
    }


def _meta(element: Any) -> Iterator[tuple[str, str]]:
    for meta in element.iter(f"{WP}postmeta"):
        yield text(meta, f"{WP}meta_key"), text(meta, f"{WP}meta_value")


def _comments(element: Any) -> Iterator[tuple[int, dict[str, str]]]:
    for comment in element.iter(f"{WP}comment"):
        values = _plain(comment)
        yield int(values["comment_id"]), values
