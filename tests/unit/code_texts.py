"""The texts that the code makes: names of stats, log lines, messages of errors. Read from the code, which is not run.

A text is given as a template: ``<name>`` stands for each value that only a run knows. ``f"newsbot/clean/{rule}"`` is
``newsbot/clean/<rule>``. If the code itself lists the values, each value gives a text of its own: a parameter is
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

from tests.unit.code_tree import CodeTree, Steps, kept, last_name, parameters

ROOT = Path(__file__).parents[2]

VALUE = "value"
"""The step from a mapping to any of its values."""

DEEPEST = 3
"""Steps into one value that are followed."""

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
        """The sentences of two words or more, without the punctuation that joins them to the text around."""
        found = [one.strip(" ,;\n") for one in self.all()]
        return [one for one in found if sum(map(has_words, one.split())) > 1]

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

    def __init__(self, root: Path, package: str = "newsbot") -> None:
        super().__init__(root, package)
        self._known: dict[tuple[ast.expr, Steps], Texts] = {}

    def told(self, node: ast.expr, steps: Steps = ()) -> list[Text]:
        """The texts of an expression, and the sentences that may stand in them. A text without words is left out."""
        found = self.texts(node, steps).all()
        return [Text(one, self.where(node)) for one in found if has_words(one)]

    def texts(self, node: ast.expr | None, steps: Steps = ()) -> Texts:
        """The texts of an expression, or of that part of its value to which ``steps`` lead."""
        if node is None:
            return Texts()
        if (node, steps) not in self._known:
            # The parts of a value may lead back to the value: at that point it is unknown.
            self._known[node, steps] = Texts([hole(node)])
            found = self._through(node, steps)
            if found is None:
                found = self._part(node, steps) if steps else self._whole(node)
            self._known[node, steps] = found if len(found.mains) <= MOST else Texts([hole(node)], found.parts)
        return self._known[node, steps]

    def _through(self, node: ast.expr, steps: Steps) -> Texts | None:
        """Expressions whose value is that of another expression."""
        match node:
            case ast.IfExp(
                test=ast.Compare(left=ast.Name(one), ops=[ast.In()], comparators=[known]), body=ast.Name(same)
            ):
                # ``name if name in NAMES else ...`` can only give a name of NAMES.
                found = self.texts(known, ("each", *steps)) if one == same else self.texts(node.body, steps)
                return self._union([node.orelse], steps, found)
            case ast.IfExp():
                return self._union([node.body, node.orelse], steps)
            case ast.BoolOp():
                return self._union(node.values, steps)
            case ast.Await() | ast.YieldFrom() | ast.NamedExpr():
                return self.texts(node.value, steps)
            case ast.Name():
                return self._name(node, steps)
            case ast.Call():
                return self._call(node, steps)
            case ast.Subscript(slice=ast.Constant(value=int(index))):
                return self.texts(node.value, (index, *steps))
            case ast.Subscript(slice=ast.Name() | ast.Attribute()) if len(steps) < DEEPEST:
                return self.texts(node.value, (VALUE, *steps))
            case ast.Attribute() if steps:
                return self._assigned(node, steps)
        return None

    def _assigned(self, node: ast.Attribute, steps: Steps) -> Texts:
        """The values that any object's attribute of this name gets."""
        found = Texts()
        for value, way in self.assigned.get(node.attr, ()):
            if not isinstance(value, ast.Name):
                found.add(self.texts(value, (*way, *steps)))
        return found

    def _whole(self, node: ast.expr) -> Texts:
        match node:
            case ast.Constant(value=str(text)):
                return Texts([text])
            case ast.Constant(value=None):
                return Texts()
            case ast.JoinedStr():
                return self._joined(node)
            case ast.BinOp(op=ast.Add()):
                return _concatenated([self.texts(node.left, ()), self.texts(node.right, ())])
            case ast.Attribute():
                return Texts([hole(node)], self._assigned(node, ()).sentences())
        return Texts([hole(node)])

    def _part(self, node: ast.expr, steps: Steps) -> Texts:
        step, rest = steps[0], steps[1:]
        match node:
            case ast.Tuple() | ast.List() | ast.Set() if isinstance(step, int):
                return self._union(node.elts[step : step + 1], rest)
            case ast.Tuple() | ast.List() | ast.Set():
                found = self._union([one for one in node.elts if not isinstance(one, ast.Starred)], rest)
                found.add(self._union([one.value for one in node.elts if isinstance(one, ast.Starred)], steps))
                return found
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() if step == "each":
                return self.texts(node.elt, rest)
            case ast.Dict() if step == "each":
                return self._union([key for key in node.keys if key is not None], rest)
            case ast.Dict() if step == VALUE:
                return self._union(node.values, rest)
            case ast.BinOp(op=ast.Add()):
                return self._union([node.left, node.right], steps)
        return Texts([hole(node)])

    def _union(self, nodes: Iterable[ast.expr], steps: Steps, found: Texts | None = None) -> Texts:
        found = found or Texts()
        for node in nodes:
            found.add(self.texts(node, steps))
        return found

    def _joined(self, node: ast.JoinedStr) -> Texts:
        pieces = []
        for value in node.values:
            if not isinstance(value, ast.FormattedValue):
                pieces.append(self.texts(value, ()))
                continue
            inner = self.texts(value.value, ())
            # A number, such as a version, counts as a value although the code holds it.
            known = (inner.constant or inner.names) and not all(one.isdigit() for one in inner.mains)
            pieces.append(inner if known else Texts([hole(value.value)], inner.sentences()))
        return _concatenated(pieces)

    def _name(self, node: ast.Name, steps: Steps) -> Texts:
        function = self.function_of(node)
        while function is not None:
            if values := list(self.bound(node, function)):
                return self._of_all(node, values, steps)
            if node.id in parameters(function):
                values = [
                    (value, way)
                    for call in self.callers(function)
                    for value, way in [self.given(call, function, node.id)]
                    if value is not None
                ]
                return self._of_all(node, values, steps)
            function = self.function_of(function)
        constant = self.constant(node.id, self.module_of[node])
        return self.texts(constant, steps) if constant is not None else Texts([hole(node)])

    def _of_all(self, node: ast.Name, values: list[tuple[ast.expr, Steps]], steps: Steps) -> Texts:
        found = Texts()
        for value, way in values:
            found.add(self.texts(value, (*way, *steps)))
        return found if found.mains or found.parts else Texts([hole(node)])

    def _call(self, node: ast.Call, steps: Steps) -> Texts:
        name, method = last_name(node.func), node.func if isinstance(node.func, ast.Attribute) else None
        if method is None and name in ("str", "cast", "list", "tuple", "sorted", "set", "frozenset") and node.args:
            return self.texts(node.args[-1], steps)
        if method is None and name == "next" and node.args:
            found = self.texts(node.args[0], ("each", *steps))
            found.add(self._union(node.args[1:2], steps))
            return found
        if method is not None and name == "join" and node.args and not steps:
            return Texts([hole(node)], self.texts(node.args[0], ("each",)).sentences())
        if method is not None and name == "items" and steps[:2] == ("each", 1):
            return self.texts(method.value, (VALUE, *steps[2:]))
        if method is not None and name in ("strip", "lstrip", "rstrip", "removeprefix"):
            return self.texts(method.value, steps)
        if method is not None and name == "get" and len(node.args) == 2:
            default = self.texts(node.args[1], steps)
            return Texts([*default.mains, hole(node)], default.parts)
        found = Texts()
        for function in self.called(node):
            found.add(self._union(self.returned(function), steps))
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
    with kept():
        return Code(ROOT)
