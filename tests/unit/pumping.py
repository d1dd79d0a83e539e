"""All regular expressions of newsbot, and for each the inputs on which a search may take more than linear time.

An expression takes more than linear time where a repeat can match the same text in several ways, or where a search
begins again at each place and reads to the end from there. Both show on a text that repeats what one part matches and
then lacks what the rest needs.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import newsbot
from newsbot.article.cleaning.rules import CleaningRules, default_rules

_ANCHORED = frozenset({"match", "fullmatch"})
_CALLS = frozenset({"match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split"})
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_USES_EXPRESSIONS = re.compile(r"\bre\.|\bPattern\b").search
_MANY = 100
_SAMPLES = 4
_LETTERS = "a1 <x-\n/\"'=.,:[&#é漢"


# What the callers of these expressions give them: the longest text, and whether its white space is folded. Their cost
# grows faster than the text, up to that length.
_HEAD_OF_LINE = (120, False)
_BLOCK = (320, True)
BOUNDED = {
    "newsbot.article.facts.byline._BYLINE": _HEAD_OF_LINE,
    "newsbot.article.facts.byline._DATELINE": _HEAD_OF_LINE,
    "newsbot.article.facts.byline._AGENCY_AFTER": _HEAD_OF_LINE,
    "newsbot.article.facts.byline._AGENCY_FIRST": (60, False),
    "newsbot.article.facts.byline._AGENCY_LAST": (60, False),
    "newsbot.wordpress.pages.sitemap._NAMES": (255, False),
}
# Expressions that the code calls through a variable. Each of these calls is a match at the beginning of a text.
_MATCHED = frozenset(
    {f"newsbot.article.cleaning.crowded.{name}" for name in ("_FEW", "_CROWDED", "_ATTRIBUTES")}
    | {"newsbot.wordpress.pages.sitemap._NAMES", "newsbot.wordpress.discovery.roots._WP_JSON"}
)


@dataclass(frozen=True)
class Expression:
    """An expression and where it stands. ``anchored``: it matches at the beginning of a text only. ``longest``: of the
    texts that it meets. ``folded``: they have no two spaces in a row."""

    place: str
    pattern: re.Pattern[Any]
    anchored: bool
    longest: int | None = None
    folded: bool = False

    def run(self, text: str) -> None:
        """Look for the expression everywhere in ``text``, as its module does."""
        text = " ".join(text.split()) if self.folded else text
        given = text[: self.longest].encode() if isinstance(self.pattern.pattern, bytes) else text[: self.longest]
        if self.anchored:
            self.pattern.match(given)
            self.pattern.fullmatch(given)
        else:
            for _ in self.pattern.finditer(given):
                pass


def expressions() -> list[Expression]:
    """The expressions of all modules of newsbot, and of the junk rules, each once."""
    found: dict[tuple[Any, int], Expression] = {}
    for info in pkgutil.walk_packages(newsbot.__path__, "newsbot."):
        if not info.name.endswith(("__main__", ".env")):  # programs, which run where they are imported
            for one in _of_module(info.name):
                known = found.setdefault((one.pattern.pattern, one.pattern.flags), one)
                if known.anchored and not one.anchored:
                    found[one.pattern.pattern, one.pattern.flags] = one
    for one in _of_rules(default_rules()):
        found.setdefault((one.pattern.pattern, one.pattern.flags), one)
    return list(found.values())


def _of_rules(rules: CleaningRules) -> Iterator[Expression]:
    for rule in rules.rules:
        place = f"junk.toml: {rule.name}"
        for expression in (*rule.patterns, *rule.linked):
            yield Expression(place, re.compile(expression), True, *_BLOCK)
        for address in (*rule.hrefs, *rule.invitations):
            host, _, rest = address.partition("/")
            yield Expression(place, re.compile(rest, re.I), host != "*")


def _of_module(name: str) -> Iterator[Expression]:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    if not _USES_EXPRESSIONS(source):
        return
    module, tree = importlib.import_module(name), ast.parse(source)
    uses = _uses(tree)
    for variable, value in vars(module).items():
        for pattern, method in _patterns(value, depth=4):
            methods = {method} if method else uses.get(variable, set())
            place = f"{name}.{variable}"
            anchored = place in _MATCHED or (bool(methods) and methods <= _ANCHORED)
            yield Expression(place, pattern, anchored, *BOUNDED.get(place, ()))
    for call in ast.walk(tree):
        literal = _literal(call)
        if literal is not None:
            text, method, line = literal
            yield Expression(f"{name}:{line}", re.compile(text), method in _ANCHORED)


def _patterns(value: object, depth: int) -> Iterator[tuple[re.Pattern[Any], str | None]]:
    """The compiled expressions in a value, each with the method that was taken off it."""
    if isinstance(value, re.Pattern):
        yield value, None
    elif isinstance(owner := getattr(value, "__self__", None), re.Pattern):
        yield owner, getattr(value, "__name__", None)
    elif depth and isinstance(value, tuple | list | frozenset | set):
        for each in value:
            yield from _patterns(each, depth - 1)
    elif depth and isinstance(value, dict):
        for each in value.values():
            yield from _patterns(each, depth - 1)


def _uses(tree: ast.AST) -> dict[str, set[str]]:
    """How a module uses its names: name -> methods. A name that is used without a method counts as searched."""
    uses: dict[str, set[str]] = {}
    owned: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            base = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            if isinstance(base, ast.Name):
                owned.add(id(base))
                uses.setdefault(base.id, set()).add(node.attr if node.attr in _CALLS else "search")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in owned:
            uses.setdefault(node.id, set()).add("search")
    return uses


def _literal(node: ast.AST) -> tuple[Any, str, int] | None:
    """An expression that a function gives to ``re.search`` and the like: (expression, function, line)."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return None
    owner, method = node.func.value, node.func.attr
    if not (isinstance(owner, ast.Name) and owner.id == "re" and method in _CALLS):
        return None
    parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
    # A value that is known only when the function runs stands for one letter.
    pieces = [part.value if isinstance(part, ast.Constant) else "x" for part in parts]
    return (pieces[0] if len(pieces) == 1 else "".join(map(str, pieces))), method, node.lineno


# -- inputs ----------------------------------------------------------------------------------------------------


def attacks(expression: Expression) -> Iterator[Callable[[int], str]]:
    """Texts of about ``n`` characters that keep a search busy, from each repeat of the expression."""
    pattern = expression.pattern
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    given: set[tuple[str, str]] = set()
    for before, pumps in _repeats(list(tree), ""):
        for pump in pumps:
            for head, body in ((before, pump), ("", before + pump), ("", before)):
                if body and (head, body) not in given:
                    given.add((head, body))
                    yield lambda n, head=head, body=body: head + body * (n // len(body) + 1) + "\x00"  # type: ignore[misc]


def _repeats(items: list[Any], before: str) -> Iterator[tuple[str, list[str]]]:
    """For each repeat: a text that the items before it match, and texts that its content matches."""
    for operation, argument in items:
        if operation in _REPEATS:
            _, most, content = argument
            if most is codes.MAXREPEAT or most >= _MANY:
                yield before, _samples(list(content))
            yield from _repeats(list(content), before)
        elif operation is codes.SUBPATTERN:
            yield from _repeats(list(argument[-1]), before)
        elif operation is codes.ATOMIC_GROUP:
            yield from _repeats(list(argument), before)
        elif operation is codes.BRANCH:
            for branch in argument[1]:
                yield from _repeats(list(branch), before)
        elif operation in (codes.ASSERT, codes.ASSERT_NOT) and argument[0] == 1:
            yield from _repeats(list(argument[1]), before)
        before += _samples([(operation, argument)])[0]


def _samples(items: Iterable[Any]) -> list[str]:
    """Some texts that the items match, lookaround aside."""
    found = [""]
    for operation, argument in items:
        choices = _choices(operation, argument)
        found = [text + choice for choice in choices for text in found][: 2 * _SAMPLES]
    return found


def _choices(operation: Any, argument: Any) -> list[str]:
    if operation is codes.LITERAL:
        return [chr(argument)]
    if operation is codes.NOT_LITERAL:
        return [letter for letter in _LETTERS if ord(letter) != argument][:_SAMPLES]
    if operation is codes.ANY:
        return ["a", " "]
    if operation is codes.IN:
        return _members(argument)
    if operation is codes.BRANCH:
        return [_samples(list(branch))[0] for branch in argument[1]][: 2 * _SAMPLES]
    if operation is codes.SUBPATTERN:
        return _samples(list(argument[-1]))
    if operation is codes.ATOMIC_GROUP:
        return _samples(list(argument))
    if operation in _REPEATS:
        least, _, content = argument
        return [text * max(least, 1) for text in _samples(list(content))[:_SAMPLES]]
    return [""]


def _members(members: Any) -> list[str]:
    """Characters of a set. Letters that are also in other sets come first: only a character that two parts share can
    be matched twice.
    """
    test = re.compile(_set(members))
    found = [letter for letter in _LETTERS if test.fullmatch(letter)]
    for operation, argument in members:
        if operation is codes.LITERAL:
            found.append(chr(argument))
        elif operation is codes.RANGE:
            found.append(chr(argument[0]))
    return list(dict.fromkeys(found))[:_SAMPLES] or ["a"]


_CLASSES = {
    codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def _set(members: Any) -> str:
    """A set, written as an expression again."""
    written = ""
    for operation, argument in members:
        if operation is codes.NEGATE:
            written += "^"
        elif operation is codes.LITERAL:
            written += re.escape(chr(argument))
        elif operation is codes.RANGE:
            written += f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
        else:
            written += _CLASSES[argument]
    return f"[{written}]"
