"""The package's syntax trees: where a node stands, and which call means which function."""

from __future__ import annotations

import ast
import contextlib
import gc
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

Steps = tuple[int | str, ...]
"""How to get from a value to a part of it: a number is an index, ``each`` is any of its elements."""


@dataclass(slots=True)
class Module:
    """``constants`` are the assignments outside of functions; ``imported``: local name -> (module, name there)."""

    name: str
    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Leave what is made here out of all searches for garbage: it stays until this process ends."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def last_name(node: ast.AST | None) -> str:
    """``b`` of ``a.b``, ``a`` of ``a``; "" of anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


class CodeTree:
    """All modules of a package below ``root``, parsed; migrations are left out. ``of_kind``: class -> nodes."""

    def __init__(self, root: Path, package: str = "newsbot") -> None:
        self.root = root
        self.modules: dict[str, Module] = {}
        self.nodes: list[ast.AST] = []
        self.of_kind: dict[type[ast.AST], list[Any]] = defaultdict(list)
        self.parents: dict[ast.AST, ast.AST] = {}
        self._functions_of: dict[ast.AST, Function | None] = {}
        self._inside: dict[Function, list[ast.AST]] = defaultdict(list)
        self.module_of: dict[ast.AST, Module] = {}
        self.functions: dict[str, list[Function]] = defaultdict(list)
        self.classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        self.calls: dict[str, list[ast.Call]] = defaultdict(list)
        self.assigned: dict[str, list[tuple[ast.expr, Steps]]] = defaultdict(list)
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" not in path.parts:
                self._read(path)

    def _read(self, path: Path) -> None:
        parts = path.relative_to(self.root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        module = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
        self.modules[name] = module
        self._functions_of[module.tree] = None
        left = deque[ast.AST]([module.tree])
        while left:
            node = left.popleft()
            self.nodes.append(node)
            self.of_kind[type(node)].append(node)
            self.module_of[node] = module
            around = self._functions_of[node]
            if around is not None:
                self._inside[around].append(node)
            if isinstance(node, Function):
                around = node
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                self._functions_of[child] = around
                left.append(child)
            self._enter(node, module)
        for statement in module.tree.body:
            target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
            value = getattr(statement, "value", None)
            if isinstance(target, ast.Name) and value is not None:
                module.constants[target.id] = value

    def _enter(self, node: ast.AST, module: Module) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.functions[node.name].append(node)
            case ast.ClassDef():
                self.classes[node.name].append(node)
            case ast.Call():
                self.calls[last_name(node.func)].append(node)
            case ast.ImportFrom():
                for alias in node.names:
                    module.imported[alias.asname or alias.name] = (str(node.module), alias.name)
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value, ())
            case ast.AugAssign():
                self._assign(node.target, node.value, ())

    def _assign(self, target: ast.expr, value: ast.expr, steps: Steps) -> None:
        if isinstance(target, ast.Attribute):
            self.assigned[target.attr].append((value, steps))
        elif isinstance(target, ast.Tuple):
            for index, element in enumerate(target.elts):
                self._assign(element, value, (*steps, index))

    # Where a node stands.

    def where(self, node: ast.AST) -> str:
        """``newsbot/file.py:12``."""
        return f"{self.module_of[node].path.relative_to(self.root)}:{getattr(node, 'lineno', 1)}"

    def function_of(self, node: ast.AST) -> Function | None:
        """The innermost function around a node."""
        return self._functions_of.get(node)

    def class_around(self, node: ast.AST) -> ast.ClassDef | None:
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.ClassDef):
            above = self.parents.get(above)
        return above

    def owner(self, function: Function) -> ast.ClassDef | None:
        """The class whose method a function is."""
        above = self.parents.get(function)
        return above if isinstance(above, ast.ClassDef) else None

    def is_inside(self, node: ast.AST, outer: ast.AST) -> bool:
        above: ast.AST | None = node
        while above is not None and above is not outer:
            above = self.parents.get(above)
        return above is outer

    def bases(self, name: str) -> set[str]:
        """The names of a class and of all classes above it, as far as the package defines them."""
        found, left = set(), [name]
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += [last_name(base) for class_ in self.classes.get(name, ()) for base in class_.bases]
        return found

    def caught(self, node: ast.expr) -> list[str]:
        """The classes of exceptions that a variable of an ``except`` stands for; none for any other value."""
        above = self.parents.get(node)
        while isinstance(node, ast.Name) and above is not None and not isinstance(above, ast.FunctionDef):
            if isinstance(above, ast.ExceptHandler) and above.name == node.id and above.type is not None:
                kinds = above.type.elts if isinstance(above.type, ast.Tuple) else [above.type]
                return [last_name(kind) for kind in kinds]
            above = self.parents.get(above)
        return []

    # Which name means what.

    def constant(self, name: str, module: Module) -> ast.expr | None:
        """The value of a module's constant, one that it imports from the package among them."""
        if name in module.constants:
            return module.constants[name]
        theirs, original = module.imported.get(name, ("", ""))
        return self.constant(original, self.modules[theirs]) if theirs in self.modules else None

    def bound(self, used: ast.Name, function: Function) -> Iterator[tuple[ast.expr, Steps]]:
        """Each value that a local variable is given in its function, and the steps into that value."""
        for node in self._inside[function]:
            match node:
                case ast.Assign():
                    for target in node.targets:
                        yield from _matched(target, used.id, node.value, ())
                case ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
                    yield from _matched(node.target, used.id, value, ())
                case ast.AugAssign(op=ast.Add()):
                    yield from _matched(node.target, used.id, node.value, ())
                case ast.For():
                    yield from _matched(node.target, used.id, node.iter, ("each",))
                case ast.comprehension() if self.is_inside(used, self.parents[node]):
                    yield from _matched(node.target, used.id, node.iter, ("each",))
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append")) if owner == used.id:
                    yield ast.List([node.args[0]]), ()

    def called(self, call: ast.Call) -> Iterator[Function]:
        """The functions of the package that a call may mean: all methods of its name, where it calls a method."""
        name, module = last_name(call.func), self.module_of[call]
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        behind = ".".join(module.imported.get(last_name(receiver), ("", "")))
        for function in self.functions[name]:
            theirs = self.module_of[function]
            if self.owner(function) is not None:
                if receiver is not None:
                    yield function
            elif receiver is not None:
                if behind == theirs.name:
                    yield function
            elif theirs is module or module.imported.get(name, ("", ""))[0] == theirs.name:
                yield function

    def callers(self, function: Function) -> Iterator[ast.Call]:
        """The calls that may mean a function, except the calls inside that function."""
        if isinstance(function, ast.Lambda):
            return
        owner = self.owner(function)
        if owner is not None and function.name == "__init__":
            yield from self.calls[owner.name]
            return
        for call in self.calls[function.name]:
            if function in self.called(call) and self._may_mean(call, owner) and not self.is_inside(call, function):
                yield call
        # ``count=self._count``: a call of ``self.count`` is a call of this function.
        for alias in self.handed_on.get((self.module_of[function].name, function.name), ()):
            for call in self.calls[alias]:
                if isinstance(call.func, ast.Attribute) and last_name(call.func.value) == "self":
                    yield call

    @cached_property
    def handed_on(self) -> dict[tuple[str, str], set[str]]:
        """(module, function) -> the keywords by which the module hands the function to others."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for calls in self.calls.values():
            for call in calls:
                for keyword in call.keywords:
                    if keyword.arg and (name := last_name(keyword.value)) in self.functions:
                        found[self.module_of[call].name, name].add(keyword.arg)
        return found

    def _may_mean(self, call: ast.Call, owner: ast.ClassDef | None) -> bool:
        """Whether ``self.name()`` stands in the class of the method that is meant, or in one above or below it."""
        if owner is None or not isinstance(call.func, ast.Attribute) or last_name(call.func.value) != "self":
            return True
        around = self.class_around(call)
        return around is not None and (owner.name in self.bases(around.name) or around.name in self.bases(owner.name))

    def given(self, call: ast.Call, function: Function, name: str) -> tuple[ast.expr | None, Steps]:
        """The argument of a call for a parameter, and the steps into it where it is unpacked (``*pair``)."""
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value, ()
        positional = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        decorated = [last_name(one) for one in getattr(function, "decorator_list", [])]
        if self.owner(function) is not None and "staticmethod" not in decorated:
            positional = positional[1:]
        index = positional.index(name) if name in positional else len(call.args)
        for place, argument in enumerate(call.args[: index + 1]):
            if isinstance(argument, ast.Starred):
                return argument.value, (index - place,)
            if place == index:
                return argument, ()
        return None, ()

    def returned(self, function: Function) -> Iterator[ast.expr]:
        for node in self._inside[function]:
            if isinstance(node, ast.Return) and node.value is not None:
                yield node.value


def parameters(function: Function) -> list[str]:
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _matched(target: ast.expr, name: str, value: ast.expr, steps: Steps) -> Iterator[tuple[ast.expr, Steps]]:
    """``value`` and the steps into it, where an assignment to ``target`` gives a value to the variable ``name``."""
    if isinstance(target, ast.Name) and target.id == name:
        yield value, steps
    elif isinstance(target, ast.Tuple | ast.List):
        for index, element in enumerate(target.elts):
            yield from _matched(element, name, value, (*steps, index))
