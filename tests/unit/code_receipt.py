"""What a receipt holds: its keys in their order and types, the names of faults and of links."""

from __future__ import annotations

import ast
import inspect
import json
import types
from collections import Counter
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from scrapy import Spider
from scrapy.utils.test import get_crawler

from newsbot.errors import PayloadError
from newsbot.extensions.receipt import ReceiptExtension
from newsbot.items import Via
from newsbot.wordpress.messages import ERRORS
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from tests.unit.code_commands import place_of
from tests.unit.code_lists import subclasses
from tests.unit.code_texts import code
from tests.unit.code_tree import last_name


@cache
def receipt() -> Mapping[str, Any]:
    """A receipt as the extension writes it, of one site with one collection."""
    site = SiteFacts(asked="https://gazette.example/", site="https://gazette.example")
    site.collection("post")
    with TemporaryDirectory() as folder:
        crawler = get_crawler(settings_dict={"NEWSBOT_DATA": folder, "NEWSBOT_RUN": "run"})
        extension = ReceiptExtension(crawler)
        extension.site_started(facts=site)
        extension.spider_closed(Spider("wp_posts"), "finished")
        found: dict[str, Any] = json.loads((Path(folder) / "receipts" / "run.json").read_text(encoding="utf-8"))
    return found


@cache
def run_keys() -> dict[str, str]:
    return dict.fromkeys(receipt(), place_of(ReceiptExtension))


@cache
def site_keys() -> dict[str, str]:
    return dict.fromkeys(receipt()["sites"][0], place_of(SiteFacts))


@cache
def collection_keys() -> dict[str, str]:
    return dict.fromkeys(receipt()["sites"][0]["collections"]["post"], place_of(CollectionFacts))


def types_of(part: str) -> dict[str, str]:
    """Key -> its type in words, by the type hint, or by the value where there is no hint."""
    site = receipt()["sites"][0]
    parts = {"run": receipt(), "site": site, "collection": site["collections"]["post"]}
    hints = {
        "run": {"warc": dict[str, Any] | None},
        "site": get_type_hints(SiteFacts),
        "collection": get_type_hints(CollectionFacts),
    }[part]
    return {key: in_words(hints.get(key, type(value))) for key, value in parts[part].items()}


def in_words(hint: Any) -> str:
    """A type hint as docs/receipt.md says it."""
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join("null" if part is type(None) else in_words(part) for part in get_args(hint))
    if get_origin(hint) is Literal:
        return "text"
    kind = get_origin(hint) or hint
    words = {str: "text", int: "number", float: "number", bool: "true or false", list: "list", dict: "object"}
    if is_dataclass(kind):
        return "object"
    return words.get(kind) or {Counter: "object of numbers"}[kind]


def choices_of(key: str) -> tuple[str, ...]:
    """The values of a key of a site or collection that has a fixed choice; none for any other key."""
    hint = get_type_hints(CollectionFacts).get(key)
    return tuple(map(str, get_args(hint))) if get_origin(hint) is Literal else ()


def ways() -> dict[str, str]:
    """What ``via`` counts."""
    return dict.fromkeys(get_args(Via), "newsbot/items/rows.py")


@cache
def faults() -> dict[str, str]:
    """Names that ``faults`` counts: of payloads, of requests without an answer, and those that the code counts."""
    found = dict.fromkeys(ERRORS, "newsbot/wordpress/messages.py") | {
        kind.name: place_of(kind)
        for kind in subclasses(PayloadError)
        if "name" in vars(kind) and "self.name =" not in inspect.getsource(kind)
    }
    for node in code().nodes:
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
            if last_name(node.target.value) == "faults":
                names = code().texts(node.target.slice)
                found |= {name: code().where(node) for name in names.mains if "<" not in name}
        elif isinstance(node, ast.keyword) and node.arg == "fault":
            found |= {name: code().where(node.value) for name in code().texts(node.value).mains if "<" not in name}
    return found


@cache
def links() -> dict[str, str]:
    """What ``links`` counts."""
    return {
        name: code().where(node)
        for node in code().nodes
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript)
        if last_name(node.target.value) == "stats"
        for name in code().texts(node.target.slice).mains
    }
