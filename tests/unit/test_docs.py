"""What the tables of docs/ say beside the names, and that the test of the tables (``test_repository.py``) can fail."""

from __future__ import annotations

import re

import pytest

from newsbot.wordpress.messages import ERRORS
from tests.unit import code_commands as commands
from tests.unit import code_lists as lists
from tests.unit import code_receipt as receipt
from tests.unit.doc_tables import CHECKS, with_names_of
from tests.unit.documents import Check, Documents, documents, spans

pytestmark = pytest.mark.xdist_group("code")  # one worker reads the code of the package, for all of them


def _with(document: str, line: int, *, instead: list[str]) -> Documents:
    """The documents with other lines in the place of one."""
    lines = documents().texts[document].splitlines()
    lines[line - 1 : line] = instead
    return Documents({**documents().texts, document: "\n".join(lines)})


def new_differences(check: Check, docs: Documents) -> list[str]:
    """What a check finds in changed documents and not in those of the repository; line numbers after a change move."""
    known = [re.sub(r":\d+:", ":", difference) for difference in check.differences(documents())]
    return [one for one in check.differences(docs) if re.sub(r":\d+:", ":", one) not in known]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_check_of_a_table_finds_a_missing_row(check: Check) -> None:
    _, row = check.listed(documents())[0]
    found = new_differences(check, _with(check.document, row.line, instead=[]))
    assert len(found) == len(row.names)
    assert all(
        f"{check.document}, table {check.header!r}" in difference and "add the row" in difference
        for difference in found
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_check_of_a_table_finds_an_extra_row(check: Check) -> None:
    _, row = check.listed(documents())[0]
    old = documents().texts[check.document].splitlines()[row.line - 1]
    found = new_differences(check, _with(check.document, row.line, instead=[old, "| `nobody_has_it` | meaning |", old]))
    assert f"{check.document}:{row.line + 1}: take out `nobody_has_it`: nothing in newsbot/ has it" in found
    assert any(
        f"{check.document}:{row.line + 2}: take out" in difference and "lists it twice" in difference
        for difference in found
    )


def test_check_of_a_table_proposes_the_new_text_of_a_changed_row() -> None:
    check = Check("logs.md", "line", lambda: {"<url>: the crawl stopped early": "newsbot/x.py:7"})
    docs = Documents({"logs.md": "| line |\n|---|\n| `<url>: the crawl broke off early` |\n"})
    expected = (
        "logs.md:3: replace `<url>: the crawl broke off early` by `<url>: the crawl stopped early` (newsbot/x.py:7)"
    )
    assert check.differences(docs) == [expected]


def test_new_text_keeps_the_placeholder_names_of_the_document() -> None:
    assert with_names_of("<url>: <n> rows", "<site> gave <count> rows") == "<url> gave <n> rows"
    assert with_names_of("<url>: <n> rows", "<count> rows came") == "<count> rows came"


def test_placeholder_names_are_ignored_and_the_order_of_columns_is_checked() -> None:
    docs = Documents({"x.md": "## One\n| column |\n|---|\n| `b<n>`, `a` |\n\n## Two\n| column |\n|---|\n| `c` |\n"})
    made = {"a": "", "b<count>": ""}
    assert Check("x.md", "column", lambda: made, heading="One").differences(docs) == []
    ordered = Check("x.md", "column", lambda: made, heading="One", ordered=True)
    assert ordered.differences(docs) == ["x.md, table 'column', under 'One': bring into this order: a, b<count>"]


def test_the_default_of_each_setting_is_documented() -> None:
    rows = {name: row for row in documents().rows("settings.md", "setting") for name in row.names}
    wrong = []
    for name, value in commands.defaults().items():
        expected = "" if value in ("", None) else f"`{value}`"
        if rows[name].cells[-1] != expected:
            wrong.append(
                f"{rows[name].where}: the last cell should be {expected or 'empty'!r}, not {rows[name].cells[-1]!r}"
            )
    assert wrong == []


def test_the_level_of_each_log_line_is_documented() -> None:
    levels = {re.sub("<[^<>]*>", "<>", line): found for line, found in lists.log_levels().items()}
    wrong = []
    for row in documents().rows("logs.md", "line"):
        for name in row.names:
            expected = ", ".join(sorted(levels.get(re.sub("<[^<>]*>", "<>", name), set())))
            if row.cells[1] != expected:
                wrong.append(f"{row.where}: the level is {expected}, not {row.cells[1]}")
    assert wrong == []


def test_every_log_line_has_a_plain_format_and_a_logger_of_its_module() -> None:
    assert lists.odd_log_calls() == []


def test_the_spiders_and_the_default_of_each_argument_are_documented() -> None:
    every = set(commands.spider_names())
    wrong = []
    for row in documents().rows("arguments.md", "argument"):
        for name in row.names:
            found = commands.argument_defaults(name.rstrip("="))
            documented = every if row.cells[1] == "all" else set(spans(row.cells[1]))
            if documented != set(found):
                wrong.append(f"{row.where}: {name} is an argument of {sorted(found)}, not of {sorted(documented)}")
            default = {one for one in spans(row.cells[-1]) if one not in every}
            if default != set(filter(None, found.values())):
                wrong.append(f"{row.where}: the default of {name} is {found}, not {sorted(default)}")
    assert wrong == []


def test_the_exit_statuses_of_each_command_are_documented() -> None:
    table = next(table for table in documents().tables("commands.md") if table.header[0] == "status")
    assert {spans(cell)[0] for cell in table.header[1:]} == set(commands.commands())
    for column, cell in enumerate(table.header[1:], 1):
        documented = {int(row.cells[0]) for row in table.rows if row.cells[column]}
        made = commands.exit_statuses(spans(cell)[0])
        assert documented == made, f"commands.md, table 'status', column {cell}: the statuses are {sorted(made)}"


@pytest.mark.parametrize(("heading", "part"), [("The run", "run"), ("A site", "site"), ("A collection", "collection")])
def test_the_type_and_the_choices_of_each_key_of_a_receipt_are_documented(heading: str, part: str) -> None:
    wrong = []
    for row in documents().rows("receipt.md", "key", heading):
        for name in row.names:
            if row.cells[1] != receipt.types_of(part)[name]:
                wrong.append(f"{row.where}: the type of {name} is {receipt.types_of(part)[name]}, not {row.cells[1]}")
            if lacking := set(receipt.choices_of(name)) - set(spans(row.cells[2])):
                wrong.append(f"{row.where}: {name} can also be {', '.join(sorted(lacking))}")
    assert wrong == []


def test_text_of_each_request_error_is_documented() -> None:
    documented = {name: spans(row.cells[1]) for row in documents().rows("errors.md", "error") for name in row.names}
    wrong = {name: f"errors.md: the words of {name} are `{words}`" for name, words in ERRORS.items()}
    assert [line for name, line in wrong.items() if documented[name] != [ERRORS[name]]] == []
