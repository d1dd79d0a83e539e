"""What the code has that docs/ must list: each function gives name -> where the code has it.

Nothing here is a list made by hand. Names come from dataclasses and models, from parsers of options, or from the calls
that use them (``tests/unit/code_texts.py``).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_type_hints

from newsbot import items
from newsbot.article.cleaning import explain
from newsbot.article.cleaning.rule import Rule
from newsbot.media.kinds import Kind
from newsbot.media.store import OwedFile, Owner, Store
from newsbot.net.refusals import Refusal
from tests.unit.code_commands import place_of, spiders
from tests.unit.code_texts import Text, code, has_words
from tests.unit.code_tree import last_name


def first_of_each(found: Iterator[Text]) -> dict[str, str]:
    """Each template once, with the first place that has it."""
    listed: dict[str, str] = {}
    for text in found:
        listed.setdefault(text.template, text.where)
    return listed


# What is delivered.


def item_classes() -> list[type[items.Record]]:
    return [spider.item_class for spider in spiders()]


def columns(item_class: type[Any]) -> dict[str, str]:
    return dict.fromkeys((field.name for field in fields(item_class)), place_of(item_class))


@cache
def nested_classes() -> dict[str, type[Any]]:
    """The dataclasses that a column of an item holds, one or a list of them."""
    found: dict[str, type[Any]] = {}
    for item_class in item_classes():
        for hint in get_type_hints(item_class).values():
            for part in (hint, *get_args(hint)):
                if isinstance(part, type) and is_dataclass(part):
                    found[part.__name__] = part
    return found


# Stats, log lines, request meta keys, signals.


@cache
def stats() -> dict[str, str]:
    return first_of_each(_stats())


def _stats() -> Iterator[Text]:
    for node in code().of_kind[ast.Call]:
        if last_name(node.func) in ("inc_value", "set_value", "max_value", "min_value"):
            for template in code().texts(node.args[0]).mains:
                yield Text(template, code().where(node))


@cache
def purposes() -> dict[str, str]:
    """What a query can be made for: the last part of ``newsbot/requests/<purpose>``."""
    return first_of_each(
        Text(template, code().where(call))
        for call in code().calls["Query"]
        for keyword in call.keywords
        if keyword.arg == "purpose"
        for template in code().texts(keyword.value).mains
    )


LEVELS = {"warning": "WARNING", "error": "ERROR", "exception": "ERROR", "critical": "CRITICAL"}


@cache
def log_lines() -> dict[str, str]:
    return first_of_each(text for text, _ in _log_lines())


@cache
def log_levels() -> dict[str, set[str]]:
    """Log line -> the levels that it is logged at."""
    found: dict[str, set[str]] = {}
    for text, level in _log_lines():
        found.setdefault(text.template, set()).add(level)
    return found


def _log_lines() -> Iterator[tuple[Text, str]]:
    for node in code().of_kind[ast.Call]:
        if not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in LEVELS and last_name(node.func.value).endswith("logger") and node.args:
            for template in _filled(node):
                yield Text(template, code().where(node)), LEVELS[node.func.attr]


def odd_log_calls() -> list[str]:
    """Calls that log at WARNING and above in a way that ``log_lines`` would not see."""
    found = []
    for call in code().of_kind[ast.Call]:
        if call.args and last_name(call.func) in (*LEVELS, "log"):
            plain = last_name(call.func) != "log" and code().texts(call.args[0]).constant
            if not plain or not last_name(getattr(call.func, "value", None)).endswith("logger"):
                found.append(f"{code().where(call)}: {ast.unparse(call)}")
    return found


def _filled(call: ast.Call) -> Iterator[str]:
    """The format of a log call, with the names of its arguments; for a line that is nothing but an error, its text."""
    for form in code().texts(call.args[0]).mains:
        words = re.split(r"%[-0-9.]*[sdrf]", form)
        given = [f"<{_named(one)}>" for one in call.args[1:]]
        line = "".join(part for pair in zip_longest(words, given, fillvalue="") for part in pair).replace("%%", "%")
        if has_words(line):
            yield line
            continue
        for argument in call.args[1:]:
            caught = code().caught(argument)
            yield from (text.template for name in caught for text in messages_of(name))


def _named(node: ast.expr) -> str:
    names = re.findall(r"[A-Za-z]\w+", ast.unparse(node))
    return names[-1] if names else "value"


def messages_of(exception: str) -> list[Text]:
    """The texts with which a class of exceptions is raised."""
    return [text for call in code().calls[exception] if call.args for text in code().told(call.args[0])]


@cache
def meta_keys() -> dict[str, str]:
    """``newsbot_*`` keys of ``Request.meta``: all texts of that form, except attributes and options of SQLAlchemy."""
    return first_of_each(_meta_keys())


def _meta_keys() -> Iterator[Text]:
    of_sqlalchemy = {keyword.arg for call in code().calls["execution_options"] for keyword in call.keywords}
    for node in code().nodes:
        if not isinstance(node, ast.Constant | ast.JoinedStr) or isinstance(code().parents[node], ast.JoinedStr):
            continue
        above = code().parents[node]
        if isinstance(above, ast.Call) and last_name(above.func) in ("getattr", "hasattr", "setattr"):
            continue
        for template in code().texts(node).mains:
            if re.fullmatch(r"newsbot_[a-z_]+", template) and template not in of_sqlalchemy:
                yield Text(template, code().where(node))


@cache
def signals() -> dict[str, str]:
    """Module constants that are ``object()``, as Scrapy's signals are."""
    return {
        name: code().where(value)
        for module in code().modules.values()
        for name, value in module.constants.items()
        if isinstance(value, ast.Call) and last_name(value.func) == "object"
    }


# Files and cleaning.


@cache
def manifest_keys() -> dict[str, str]:
    """The keys of the lines that a store of files writes."""
    owner = Owner(site="https://gazette.example", type="post", id=1)
    with TemporaryDirectory() as folder:
        store = Store(Path(folder), limit=1)
        store.note_kept(
            "https://gazette.example/a", owner, digest="0" * 64, kind=Kind("png", "image/png"), size=1, at=""
        )
        store.note_refused("https://gazette.example/b", owner, error="too-large", at="")
        store.note_owed(OwedFile(url="https://gazette.example/c", owner=owner), error="dns", at="")
        store.close()
        lines = (Path(folder) / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return {key: place_of(Store) for line in lines for key in json.loads(line)}


@cache
def media_errors() -> dict[str, str]:
    """Why a file may not be kept: what ``media=download`` says itself, and the names of refusals."""
    refusals = {kind.newsbot_error: place_of(kind) for kind in subclasses(Refusal)}
    own = [call.args[0] for call in code().calls["NotKept"]]
    own += [
        node.value
        for node in code().nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        if last_name(node.targets[0].value) == "_failed"
    ]
    texts = (Text(name, code().where(node)) for node in own for name in code().texts(node).mains)
    return refusals | first_of_each(text for text in texts if has_words(text.template))


def subclasses(kind: type[Any]) -> list[type[Any]]:
    """All classes below a class."""
    return [one for child in kind.__subclasses__() for one in (child, *subclasses(child))]


@cache
def rule_keys() -> dict[str, str]:
    return columns(Rule)


@cache
def built_in_rules() -> dict[str, str]:
    """Rules that are not in junk.toml, as ``scrapy clean --explain`` describes them."""
    return dict.fromkeys(explain.BUILT_IN, place_of(explain.explain))
