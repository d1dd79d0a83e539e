"""Every message that a user can meet: on the command line, in a log line, or in the receipt."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from newsbot.wordpress.messages import ERRORS
from tests.unit.code_texts import Text, code, has_words, normal
from tests.unit.code_tree import Steps, last_name

NEVER_SHOWN = frozenset({"NotKept", "RecordError", "CloseSpider"})
"""Exceptions whose text no user meets: the name of a reason (docs/media.md), a row that is only counted, and the name
that Scrapy puts into ``reason``."""

RECEIPT = frozenset({"why", "missing_urls"})
"""Attributes of a receipt that hold messages."""


@cache
def messages() -> dict[str, str]:
    """Message -> where it is made."""
    found: dict[str, str] = {}
    for text in _told():
        message = tidy(text.template)
        if has_words(message) and normal(message) not in {normal(words) for words in ERRORS.values()}:
            found.setdefault(message, written().get(normal(message), text.where))
    return found


def tidy(template: str) -> str:
    """A message without what only joins it to others: punctuation before it, and what may follow its last word."""
    return re.sub(r"(?<=[a-z])<[^<>]*>$| \.\.\.$", "", template.strip(" ,;\n"))


def _told() -> Iterator[Text]:
    for node in code().nodes:
        for value, steps in _shown(node):
            yield from code().told(value, steps)


def _shown(node: ast.AST) -> Iterator[tuple[ast.expr, Steps]]:
    """The expressions of a statement or call that a user is shown."""
    match node:
        case ast.Call(args=[first, *_]) if _is_shown_exception(node) or _is_tell(node.func):
            yield first, ()
        case ast.Call() if last_name(node.func) == "Reply":
            yield from ((keyword.value, ()) for keyword in node.keywords if keyword.arg == "detail")
        case ast.Assign():
            for target in node.targets:
                yield from ((node.value, steps) for steps in _to_receipt(target))
        case ast.AugAssign():
            yield from ((node.value, steps) for steps in _to_receipt(node.target))


def _is_tell(called: ast.expr) -> bool:
    return isinstance(called, ast.Name) and called.id == "tell"


def _is_shown_exception(call: ast.Call) -> bool:
    name = last_name(call.func)
    raised = isinstance(code().parents[call], ast.Raise) and isinstance(call.func, ast.Name | ast.Attribute)
    bases = code().bases(name)
    if not (raised and name[:1].isupper()) and not bases & {"Exception", "IgnoreRequest", "OSError", "ValueError"}:
        return False
    return name not in NEVER_SHOWN and "DropItem" not in bases


def _to_receipt(target: ast.expr) -> Iterator[Steps]:
    """The steps into an assigned value that lead to an attribute of a receipt."""
    held = target.value if isinstance(target, ast.Subscript) else target
    if isinstance(held, ast.Attribute) and held.attr in RECEIPT:
        yield ()
    elif isinstance(target, ast.Tuple):
        for index, element in enumerate(target.elts):
            yield from ((index, *steps) for steps in _to_receipt(element))


@cache
def written() -> dict[str, str]:
    """Every text that stands in the code, in the form of ``normal`` -> where: a document may name any of them."""
    found: dict[str, str] = {}
    for node in code().nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and not isinstance(code().parents[node], ast.JoinedStr):
            texts = list(code().texts(node).mains)
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(str(one.value) if isinstance(one, ast.Constant) else "<>" for one in node.values))
            for text in texts:
                message = normal(tidy(re.sub(r"%[-0-9.]*[sdrf]|\{\w*\}", "<>", text)))
                found.setdefault(message, code().where(node))
    return found
