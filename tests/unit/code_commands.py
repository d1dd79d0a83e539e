"""Commands, their options and exit statuses; spiders and their arguments; components that the settings name."""

from __future__ import annotations

import argparse
import ast
import inspect
import runpy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from unittest import mock

from scrapy.cmdline import _get_commands_from_module
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from newsbot.commands.one_page import OnePage
from newsbot.spiders.base import NewsbotSpider
from tests.unit.code_texts import ROOT, code
from tests.unit.code_tree import Function, last_name, parameters

_places: dict[Any, str] = {}


def place_of(thing: Any) -> str:
    """The file and line of a class or function."""
    if thing not in _places:
        path = inspect.getsourcefile(thing)
        assert path is not None
        _places[thing] = f"{path.removeprefix(f'{ROOT}/')}:{inspect.getsourcelines(thing)[1]}"
    return _places[thing]


# Settings.


@cache
def project_settings() -> Mapping[str, Any]:
    """The settings of newsbot/settings.py, independent of the environment of this process."""
    with mock.patch.dict("os.environ", clear=True):
        return {
            name: value for name, value in runpy.run_path(str(ROOT / "newsbot/settings.py")).items() if name.isupper()
        }


def defaults() -> dict[str, Any]:
    """Setting of newsbot -> its default."""
    return {name: value for name, value in project_settings().items() if name.startswith("NEWSBOT_")}


@cache
def settings() -> dict[str, str]:
    return dict.fromkeys(defaults(), "newsbot/settings.py")


# Spiders and their arguments.


@cache
def spiders() -> tuple[type[NewsbotSpider], ...]:
    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["newsbot.spiders"]}))
    found = [loader.load(name) for name in sorted(loader.list())]
    return tuple(spider for spider in found if issubclass(spider, NewsbotSpider))


@cache
def spider_names() -> dict[str, str]:
    return {spider.name: place_of(spider) for spider in spiders()}


@cache
def arguments() -> dict[str, str]:
    """``name=`` -> the first model that has it."""
    found: dict[str, str] = {}
    for spider in spiders():
        for model in reversed(spider.arguments_model.__mro__):
            for name in inspect.get_annotations(model):
                if name in spider.arguments_model.model_fields:
                    found.setdefault(f"{name}=", place_of(model))
    return found


def argument_defaults(name: str) -> dict[str, str]:
    """Spider -> the default of an argument as one would give it; "" for none."""
    return {
        spider.name: _as_given(spider.arguments_model.model_fields[name].default)
        for spider in spiders()
        if name in spider.arguments_model.model_fields
    }


def _as_given(default: Any) -> str:
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if default is None else str(default)


# Commands.


@cache
def _commands() -> dict[str, ScrapyCommand]:
    found = _get_commands_from_module("newsbot.commands", inproject=True)
    # The commands that look at one page are Scrapy's own, with its options and exit statuses.
    found = {name: command for name, command in found.items() if not isinstance(command, OnePage)}
    for command in found.values():
        command.settings = Settings()
    return found


@cache
def commands() -> dict[str, str]:
    return {name: place_of(type(command)) for name, command in _commands().items()}


@cache
def options(command: str) -> dict[str, str]:
    """The options of a command that not every command has."""
    every = _options_of(ScrapyCommand.add_options, _commands()[command])
    mine = _options_of(type(_commands()[command]).add_options, _commands()[command])
    return {name: commands()[command] for name in mine if name not in every}


def _options_of(add: Any, command: ScrapyCommand) -> list[str]:
    # Scrapy builds its own parser with these arguments too.
    parser = argparse.ArgumentParser(add_help=False, conflict_handler="resolve")
    add(command, parser)
    return [name for action in parser._actions for name in action.option_strings]


@cache
def exit_statuses(command: str) -> set[int]:
    """0, and what a command's module gives to ``exitcode``, ``sys.exit`` and newsbot/commands/ending.py."""
    found = {0}
    module = code().modules.get(f"newsbot.commands.{command}")
    for node in ast.walk(module.tree) if module is not None else ():
        if isinstance(node, ast.Assign) and last_name(node.targets[0]) == "exitcode":
            found |= set(_numbers(node.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("sys.exit", "self._end") and node.args:
            found |= set(_numbers(node.args[-1]))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "self._ends_with_one_line":
            found |= {1, 2}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "self._check_scrapy":
            found.add(2)
    return found


def _numbers(node: ast.expr) -> Iterator[int]:
    """The whole numbers that an expression may have as its value. A parameter has the values of the calls."""
    match node:
        case ast.Constant(value=int(number)):
            yield number
        case ast.BoolOp():
            for part in node.values:
                yield from _numbers(part)
        case ast.IfExp():
            yield from _numbers(node.body)
            yield from _numbers(node.orelse)
        case ast.Name(id=name):
            function: Function | None = code().function_of(node)
            if function is not None and name in parameters(function):
                for call in code().callers(function):
                    value, steps = code().given(call, function, name)
                    if value is not None and not steps:
                        yield from _numbers(value)


# Components.


@cache
def components() -> dict[str, str]:
    """What the settings name, by its last name: classes, and the function that fills feed names."""
    found: dict[str, str] = {}
    for setting, value in project_settings().items():
        for path in _paths(value):
            name = path.rpartition(".")[2]
            if path.startswith("newsbot.") and not setting.endswith("_MODULE") and not setting.endswith("_MODULES"):
                found[name] = f"newsbot/settings.py, {setting}"
    found |= {spider.__name__: place_of(spider) for spider in spiders()}
    return found | commands()


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from (one for one in pair if isinstance(one, str))
