"""docs/ says of each room what it imports, and of each component what it raises."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter

import pytest
import scrapy.exceptions

from newsbot.components import SWITCHES
from tests.unit import code_commands as commands
from tests.unit.code_texts import code
from tests.unit.documents import documents, spans

pytestmark = pytest.mark.xdist_group("code")  # one worker reads the code of the package, for all of them


def room_of(module: str) -> str:
    """``archive`` of ``newsbot.archive.runs``; "" of the package itself."""
    return f"{module}.".split(".")[1]


@cache
def imports() -> dict[str, set[str]]:
    """Room -> the rooms that it imports, wherever in a module."""
    found: dict[str, set[str]] = {room_of(name): set() for name in code().modules}
    for node in [*code().of_kind[ast.ImportFrom], *code().of_kind[ast.Import]]:
        package = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        names = [f"{package}{alias.name}" for alias in node.names]
        room = room_of(code().module_of[node].name)
        found[room] |= {room_of(name) for name in names if name.startswith("newsbot.")} & found.keys() - {room, ""}
    return {room: others for room, others in found.items() if room}


def test_rooms_and_their_imports_are_documented() -> None:
    rows = {name: row for row in documents().rows("architecture.md", "room") for name in row.names}
    wrong = [f"architecture.md, table 'room': add the room `{room}`" for room in imports().keys() - rows.keys()]
    wrong += [f"{rows[room].where}: there is no room {room}" for room in rows.keys() - imports().keys()]
    for room in imports().keys() & rows.keys():
        if set(spans(rows[room].cells[2])) != imports()[room]:
            expected = ", ".join(f"`{imported}`" for imported in sorted(imports()[room]))
            wrong.append(f"{rows[room].where}: {room} imports {expected or 'no room'}")
    assert wrong == [], "\n" + "\n".join(wrong)


def test_rooms_have_no_import_cycle() -> None:
    TopologicalSorter(imports()).prepare()  # raises CycleError, which names the rooms of a circle


def exceptions() -> set[str]:
    """The names of the exceptions that newsbot and Scrapy define, and some of Python's. Names with an underscore never
    leave their module."""
    roots = {"Exception", "IgnoreRequest", "DropItem", "OSError"}
    ours = {name for name in code().classes if code().bases(name) & roots and not name.startswith("_")}
    return ours | set(vars(scrapy.exceptions)) | {"SystemExit", "IsADirectoryError", "OSError", "ValueError"}


def constructed_in(component: str) -> set[str]:
    """Exceptions that the class of a component makes."""
    found = set()
    for owner in code().classes[component]:
        for node in ast.walk(owner):
            made = node.func if isinstance(node, ast.Call) else node.exc if isinstance(node, ast.Raise) else None
            found |= {made.id} if isinstance(made, ast.Name) else set()
    return found & exceptions()


@pytest.mark.parametrize("component", sorted(set(commands.components()) - set(commands.commands())))
def test_exceptions_of_a_component_are_documented(component: str) -> None:
    row = next(row for row in documents().rows("components.md", "component") if component in row.names)
    documented = set(spans(row.cells[3]))
    lacking = constructed_in(component) - documented
    assert lacking == set(), f"{row.where}: {component} also raises {', '.join(sorted(lacking))}"


def test_the_exceptions_that_the_documents_name_exist() -> None:
    wrong = [
        f"{row.where}: no exception is called {name}"
        for row in documents().rows("components.md", "component")
        for name in spans(row.cells[3])
        if name[:1].isupper() and not name.isupper() and name not in exceptions() | set(code().classes)
    ]
    assert wrong == []


def test_the_switches_of_scrapys_components_are_documented() -> None:
    known = {
        switch: component.rpartition(".")[2]
        for components in SWITCHES.values()
        for component, switches in components.items()
        for switch in switches
    }
    documented = {
        name: spans(row.cells[1])[0] for row in documents().rows("settings.md", "switch") for name in row.names
    }
    assert documented == known
