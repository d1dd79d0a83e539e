"""Rules over the whole repository: who imports whom, who reads the environment, what the documents must name."""

from __future__ import annotations

import ast
import configparser
import importlib
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.unit.code_tree import kept
from tests.unit.doc_tables import CHECKS
from tests.unit.documents import Check, documents

pytestmark = pytest.mark.xdist_group("code")  # one worker reads the code of the package, for all of them

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for path in (ROOT / "newsbot").rglob("*.py")
    if "migrations" not in path.parts  # run by Alembic alone
)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def nodes(path: Path) -> dict[type[ast.AST], list[Any]]:
    """The nodes of a module by their class."""
    found: dict[type[ast.AST], list[Any]] = defaultdict(list)
    with kept():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            found[type(node)].append(node)
    return found


@cache
def imports(path: Path) -> frozenset[str]:
    """Every dotted name a module imports, wherever in it; ``from a import b`` is both ``a`` and ``a.b``."""
    found = set()
    for node in nodes(path)[ast.Import]:
        found |= {alias.name for alias in node.names}
    for node in nodes(path)[ast.ImportFrom]:
        assert not node.level, f"{path}: relative imports hide who imports whom"
        found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def breaches(room: str, forbidden: tuple[str, ...], allowed: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        if within(name_of(path), (room,))
        for name in sorted(imports(path))
        if within(name, forbidden) and not within(name, allowed)
    ]


def test_every_module_can_be_imported() -> None:
    # One test for all modules: pytest takes longer for a test of its own than the import of a module takes.
    assert dict(import_failures(map(name_of, MODULES))) == {}


def import_failures(modules: Iterable[str]) -> Iterator[tuple[str, str]]:
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as failure:  # noqa: BLE001  the message names each module that fails, whatever it raises
            yield module, repr(failure)


def test_import_failure_of_a_module_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "newsbot_broken.py").write_text("import newsbot.no_such_module\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (failure,) = import_failures(["newsbot.errors", "newsbot_broken"])
    assert failure[0] == "newsbot_broken"
    assert "newsbot.no_such_module" in failure[1]


SCRAPY = ("scrapy", "twisted", "itemadapter")
IO = (
    "socket",
    "ssl",
    "http",
    "urllib.request",
    "urllib3",
    "requests",
    "aiohttp",
    "sqlite3",
    "sqlalchemy",
    "subprocess",
)


@pytest.mark.parametrize("room", ["wordpress", "article", "archive", "items", "errors"])
def test_room_does_not_import_scrapy(room: str) -> None:
    assert breaches(f"newsbot.{room}", SCRAPY) == []


@pytest.mark.parametrize("room", ["wordpress", "article"])
def test_pure_rooms_do_no_input_or_output(room: str) -> None:
    assert breaches(f"newsbot.{room}", IO) == []


def test_wordpress_reads_no_clock() -> None:
    reads = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if within(name_of(path), ("newsbot.wordpress",))
        for node in nodes(path)[ast.Attribute]
        if node.attr in ("now", "utcnow", "today", "monotonic", "time_ns")
    ]
    assert reads == []
    assert breaches("newsbot.wordpress", ("time",)) == []


def test_spiders_do_not_import_pipelines_middlewares_or_extensions() -> None:
    after = tuple(f"newsbot.{room}" for room in ("pipelines", "middlewares", "extensions", "settings", "feeds"))
    assert breaches("newsbot.spiders", after) == []


def test_no_module_imports_commands() -> None:
    commands = ("newsbot.commands",)
    assert [
        name_of(path)
        for path in MODULES
        if not within(name_of(path), commands) and any(within(name, commands) for name in imports(path))
    ] == []


def spider_attributes(path: Path) -> Iterator[str]:
    for node in nodes(path)[ast.Attribute]:
        if ast.unparse(node.value).rsplit(".", 1)[-1] == "spider":
            yield f"{name_of(path)}:{node.lineno} {ast.unparse(node)}"
    for node in nodes(path)[ast.Call]:
        if ast.unparse(node.func) == "getattr" and "spider" in ast.unparse(node.args[0]):
            yield f"{name_of(path)}:{node.lineno} {ast.unparse(node)}"


def test_pipelines_read_no_attributes_of_the_spider() -> None:
    found = [
        attribute
        for path in MODULES
        if within(name_of(path), ("newsbot.pipelines",))
        for attribute in spider_attributes(path)
        if not attribute.endswith((".logger", ".name"))
    ]
    assert found == []


def test_only_settings_read_the_environment() -> None:
    readers = {
        name_of(path)
        for path in MODULES
        for node in nodes(path)[ast.Attribute]
        if ast.unparse(node) in ("os.environ", "os.environb", "os.getenv")
    }
    readers |= {name_of(path) for path in MODULES if imports(path) & {"os.environ", "os.getenv"}}
    assert readers <= {"newsbot.settings"}


def test_rules_find_forbidden_imports(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("import scrapy.http\nfrom newsbot import commands\nspider.archive\ngetattr(self.spider, 'x')\n")
    assert imports(path) == {"scrapy.http", "newsbot", "newsbot.commands"}
    assert within("scrapy.http", SCRAPY)
    assert not within("scrapyd", SCRAPY)


def test_setuptools_is_pinned_below_81_for_scrapyd() -> None:
    pinned = re.search(r"^setuptools==(\d+)", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.M)
    assert pinned is not None
    assert int(pinned.group(1)) < 81
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert "setuptools<81" in required


def test_scrapy_cfg_names_settings_and_a_deploy_target_without_a_password() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "scrapy.cfg")
    assert config["settings"]["default"] == "newsbot.settings"
    assert config["deploy"]["project"] == "newsbot"
    assert "password" not in config["deploy"]


def test_make_help_lists_the_targets() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("setup", "crawl", "test", "lint", "bench", "soak", "clean"):
        assert target in done.stdout


SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir() if path.suffix != ".py")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shell_scripts_have_valid_syntax(script: Path) -> None:
    shell = "bash" if "bash" in script.read_text(encoding="utf-8").splitlines()[0] else "sh"
    subprocess.run([shell, "-n", str(script)], check=True)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_table_of_the_documents_equals_the_code(check: Check) -> None:
    assert check.made(), "the code has none of these: the test no longer finds them"
    found = check.differences(documents())
    # The message says which line of which document to add, to take out or to replace.
    assert found == [], "\n" + "\n".join([*found, "(python -m tests.unit.doc_tables --write makes the replacements)"])
