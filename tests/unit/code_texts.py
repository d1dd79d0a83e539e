"""The texts that the code makes: names of stats, log lines, messages of errors. Read from the code, which is not run.

A text is given as a template: ``<name>`` stands for each value that only a run knows. ``f"newsbot/clean/{rule}"`` is
``newsbot/clean/<rule>``. Where the code itself lists the values, each value gives a text of its own: a parameter is
replaced by the arguments of all calls, a variable by what is assigned to it, a loop variable by what it loops over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

from tests.unit.code_tree import CodeTree, Steps, last_name, parameters

ROOT = Path(__file__).parents[2]

DEPTH = 14
"""Steps from a text to the values in it; code that needs more of them is not followed."""

MOST = 40
"""Texts that one expression may give before its values count as unknown."""


@dataclass(frozen=True, slots=True)
class Text:
    """``template`` as described above; ``where`` is ``newsbot/file.py:12``."""

    template: str
    where: str


@dataclass(slots=True)
class Texts:
    """``mains`` are the texts of an expression; ``parts`` are sentences that may stand in place of a ``<name>``."""

    mains: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def add(self, other: Texts) -> None:
        self.mains += [one for one in other.mains if one not in self.mains]
        self.parts += [one for one in other.parts if one not in self.parts]

    def all(self) -> list[str]:
        return list(dict.fromkeys([*self.mains, *self.parts]))

    def sentences(self) -> list[str]:
        return [one.strip() for one in self.all() if has_words(one) and " " in one.strip()]

    @property
    def constant(self) -> bool:
        """Whether all values are known."""
        return bool(self.mains) and not any("<" in one for one in self.mains)

    @property
    def names(self) -> bool:
        """Whether all are names without a space, whose beginning at least is known: ``failed/<reason>``."""
        return bool(self.mains) and not any(one.startswith("<") or " " in one for one in self.mains)


def normal(template: str) -> str:
    """A template without the names of its values: what the code calls ``<path>``, a document may call ``<file>``."""
    return " ".join(re.sub(r"<[^<>]*>", "<>", template).split())


def has_words(template: str) -> bool:
    return re.search(r"[A-Za-z]{2}", re.sub(r"<[^<>]*>", "", template)) is not None


class Code(CodeTree):
    """The package, with the texts of its expressions."""

    def told(self, node: ast.expr, steps: Steps = ()) -> list[Text]:
        """The texts of an expression, and the sentences that may stand in them; a text without words is none."""
        found = self.texts(node, steps).all()
        return [Text(one, self.where(node)) for one in found if has_words(one)]

    def texts(self, node: ast.expr | None, steps: Steps = (), depth: int = 0) -> Texts:
        """The texts of an expression, or of that part of its value to which ``steps`` lead."""
        if node is None or depth > DEPTH:
            return Texts()
        found = self._through(node, steps, depth + 1)
        if found is None:
            found = self._part(node, steps, depth + 1) if steps else self._whole(node, depth + 1)
        if len(found.mains) > MOST:
            return Texts([hole(node)], found.parts)
        return found

    def _through(self, node: ast.expr, steps: Steps, depth: int) -> Texts | None:
        """Expressions whose value is that of another expression."""
        match node:
            case ast.IfExp():
                return self._union([node.body, node.orelse], steps, depth)
            case ast.BoolOp():
                return self._union(node.values, steps, depth)
            case ast.Await() | ast.YieldFrom() | ast.NamedExpr():
                return self.texts(node.value, steps, depth)
            case ast.Name():
                return self._name(node, steps, depth)
            case ast.Call():
                return self._call(node, steps, depth)
        return None

    def _whole(self, node: ast.expr, depth: int) -> Texts:
        match node:
            case ast.Constant(value=str(text)):
                return Texts([text])
            case ast.Constant(value=None):
                return Texts()
            case ast.JoinedStr():
                return self._joined(node, depth)
            case ast.BinOp(op=ast.Add()):
                return _concatenated([self.texts(node.left, (), depth), self.texts(node.right, (), depth)])
            case ast.Attribute():
                assigned = [one for one in self.assigned[node.attr] if isinstance(one, ast.JoinedStr | ast.Constant)]
                return Texts([hole(node)], self._union(assigned, (), depth).sentences())
        return Texts([hole(node)])

    def _part(self, node: ast.expr, steps: Steps, depth: int) -> Texts:
        step, rest = steps[0], steps[1:]
        match node:
            case ast.Tuple() | ast.List() | ast.Set() if isinstance(step, int):
                return self._union(node.elts[step : step + 1], rest, depth)
            case ast.Tuple() | ast.List() | ast.Set():
                found = self._union([one for one in node.elts if not isinstance(one, ast.Starred)], rest, depth)
                found.add(self._union([one.value for one in node.elts if isinstance(one, ast.Starred)], steps, depth))
                return found
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() if step == "each":
                return self.texts(node.elt, rest, depth)
            case ast.Dict() if step == "each":
                return self._union([key for key in node.keys if key is not None], rest, depth)
            case ast.BinOp(op=ast.Add()):
                return self._union([node.left, node.right], steps, depth)
        return Texts([hole(node)])

    def _union(self, nodes: Iterable[ast.expr], steps: Steps, depth: int) -> Texts:
        found = Texts()
        for node in nodes:
            found.add(self.texts(node, steps, depth))
        return found

    def _joined(self, node: ast.JoinedStr, depth: int) -> Texts:
        pieces = []
        for value in node.values:
            if not isinstance(value, ast.FormattedValue):
                pieces.append(self.texts(value, (), depth))
                continue
            inner = self.texts(value.value, (), depth)
            known = inner.constant or inner.names
            pieces.append(inner if known else Texts([hole(value.value)], inner.sentences()))
        return _concatenated(pieces)

    def _name(self, node: ast.Name, steps: Steps, depth: int) -> Texts:
        function = self.function_of(node)
        while function is not None:
            if values := list(self.bound(node, function)):
                return self._of_all(node, values, steps, depth)
            if node.id in parameters(function):
                values = [
                    (value, way)
                    for call in self.callers(function)
                    for value, way in [self.given(call, function, node.id)]
                    if value is not None
                ]
                return self._of_all(node, values, steps, depth)
            function = self.function_of(function)
        constant = self.constant(node.id, self.module_of[node])
        return self.texts(constant, steps, depth) if constant is not None else Texts([hole(node)])

    def _of_all(self, node: ast.Name, values: list[tuple[ast.expr, Steps]], steps: Steps, depth: int) -> Texts:
        found = Texts()
        for value, way in values:
            found.add(self.texts(value, (*way, *steps), depth))
        return found if found.mains or found.parts else Texts([hole(node)])

    def _call(self, node: ast.Call, steps: Steps, depth: int) -> Texts:
        name, method = last_name(node.func), node.func if isinstance(node.func, ast.Attribute) else None
        if method is None and name in ("str", "cast", "list", "tuple", "sorted") and node.args:
            return self.texts(node.args[-1], steps, depth)
        if method is not None and name == "join" and node.args and not steps:
            return Texts([hole(node)], self.texts(node.args[0], ("each",), depth).sentences())
        if method is not None and name in ("strip", "lstrip", "rstrip", "removeprefix"):
            return self.texts(method.value, steps, depth)
        if method is not None and name == "get" and len(node.args) == 2:
            default = self.texts(node.args[1], steps, depth)
            return Texts([*default.mains, hole(node)], default.parts)
        found = Texts()
        for function in self.called(node):
            found.add(self._union(self.returned(function), steps, depth))
        return found if found.mains or found.parts else Texts([hole(node)])


def _concatenated(pieces: list[Texts]) -> Texts:
    mains = ["".join(combined) for combined in product(*(piece.mains or [""] for piece in pieces))]
    return Texts(list(dict.fromkeys(mains)), [part for piece in pieces for part in piece.parts])


def hole(node: ast.expr) -> str:
    """``<name>``, named after what stands in the code."""
    if isinstance(node, ast.Call):
        if last_name(node.func) == "len":
            return "<n>"
        if node.args and last_name(node.func) in ("join", "str", "sorted", "filter"):
            return hole(node.args[-1])
        return f"<{last_name(node.func).strip('_') or 'value'}>"
    if isinstance(node, ast.Subscript):
        return hole(node.value)
    return f"<{last_name(node).strip('_') or 'value'}>"


@cache
def code() -> Code:
    """The package newsbot of this repository."""
    return Code(ROOT)
