"""Numbers from outside have one reader, and nothing else in the package reads them."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsbot.numbers import GREATEST, decimal, finite, from_digits, integer, is_digits, up_to, whole
from newsbot.wordpress.values import row_id
from tests.unit.test_repository import MODULES, ROOT, nodes

LONG = "1" * 5000
"""Python refuses to read more than 4,300 digits."""

ODD = ["", " ", "-1", "+1", "1_0", "1e3", "0x1", "²", "٣", "１", "1\n", "nan", "inf", "1 2", "1,5"]


@given(st.integers(min_value=0, max_value=GREATEST), st.integers(min_value=0, max_value=5000))
def test_a_number_is_read_as_it_was_written(number: int, zeros: int) -> None:
    text = "0" * zeros + str(number)
    assert is_digits(text)
    assert from_digits(text) == up_to(text, GREATEST) == number
    assert finite(text) == float(number)
    assert decimal(f"{text}.50") == pytest.approx(number + 0.5)
    assert integer(number) == integer(f" {number} ") == whole(number) == number


@given(st.text(), st.integers(min_value=1, max_value=GREATEST))
@example(LONG, 9)
@example("²", 9)
def test_any_text_gives_a_number_within_its_bound_or_none(text: str, most: int) -> None:
    number, capped = from_digits(text, most=most), up_to(text, most)
    assert number is None or 0 <= number <= most
    assert (capped is not None) == is_digits(text) == (text != "" and set(text) <= set("0123456789"))
    assert capped is None or 0 <= capped <= most
    assert number is None or number == capped
    assert all(read is None or math.isfinite(read) for read in (decimal(text), finite(text)))


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.binary())
@example(10**308)
@example(10**400)
@example(True)
@example(float("nan"))
@example(2.0**63)
def test_any_json_value_gives_a_number_or_none(value: Any) -> None:
    assert type(integer(value)) in (int, type(None))
    assert (whole(value) or 0) >= 0
    assert (number := row_id(value)) is None or 1 <= number <= GREATEST
    assert (read := finite(value)) is None or math.isfinite(read)
    if isinstance(value, bool | list | bytes | None):
        assert (integer(value), whole(value), row_id(value), finite(value)) == (None, None, None, None)


def test_a_float_is_an_integer_only_where_it_stands_for_one_alone() -> None:
    assert (integer(52.0), integer(2.0**53), integer(2.0**53 + 2), integer(0.5)) == (52, 2**53, None, None)


@pytest.mark.parametrize("text", ODD)
def test_only_the_digits_of_ascii_are_digits(text: str) -> None:
    assert (is_digits(text), from_digits(text), up_to(text, 9)) == (False, None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7.0), ("0.5", 0.5), (".5", 0.5), ("5.", 5.0), (LONG, max), *((text, None) for text in [".", "1.2.3", *ODD])],
)
def test_a_decimal_has_one_point_at_most(text: str, number: Any) -> None:
    assert decimal(text) == (1e300 if number is max else number)


@pytest.mark.parametrize(
    ("value", "number"),
    [("-5.5", -5.5), ("+3", 3.0), (5, 5.0), (-0.5, -0.5), ("1e3", None), (10**400, None), ("nan", None), (False, None),
     ("-+3", None), ("--3", None), ("- 3", None), ("-", None)],
)  # fmt: skip
def test_a_number_of_json_may_have_a_sign(value: Any, number: float | None) -> None:
    assert finite(value) == number


def test_a_number_above_the_bound_is_none_or_the_bound() -> None:
    assert (from_digits("1000", most=999), up_to("1000", 999), up_to(LONG, 999)) == (None, 999, 999)
    assert (from_digits("999", most=999), from_digits(None), up_to(None, 9)) == (999, None, None)
    assert (integer(2.0**53), integer(2.0**53 + 2), integer("1" * 31)) == (2**53, None, None)


SAFE = {
    "the value is a number of Python": {
        ("archive/due_sites.py", "float(f'{value:.1e}')"),
        ("article/facts/duplicates.py", "float((sketches[member] == sketches[other]).mean())"),
        ("article/facts/duplicates.py", "int(number)"),
        ("browser/subresources.py", "float(request.meta.get('newsbot_waited', 0.0))"),
        ("export/wxr_elements.py", "int(self.sticky)"),
        ("extensions/metrics.py", "int(complete)"),
        ("extensions/receipt.py", "int(failed)"),
        ("extensions/receipt.py", "int(self._stats.get_value(f'newsbot/{name}', 0))"),
        (
            "extensions/summary.py",
            "int(max(0, stats.get('downloader/request_count', 0) - stats.get('newsbot/driver/begun', 0)))",
        ),
        ("feeds/column_types.py", "float(value)"),
        ("feeds/column_types.py", "int(value)"),
        ("feeds/exporters.py", "int(value)"),
        ("fleet/runs.py", "int(crawler._stats.get_value(name, 0))"),
        ("fleet/session.py", "float(STALE_SECONDS)"),
        ("middlewares/overrides.py", "float(given)"),
        ("middlewares/overrides.py", "float(seconds)"),
        ("politeness/hints.py", "float(math.ceil(seconds))"),
        ("politeness/hints.py", "float(reset)"),
        ("report/page.py", "int(value)"),
        ("safety/addresses.py", "int(address)"),
        ("schedule/attention.py", "int(hours)"),
        ("spiders/fetcher.py", "float(last.meta.get('download_latency') or 0.0)"),
        ("spiders/fetcher.py", "float(last.meta.get('newsbot_waited', 0.0))"),
        ("wordpress/fallback/worth.py", "int(f'{number:0{digits}b}'[::-1], 2)"),
        ("wordpress/queries.py", "int(clear.total_seconds())"),
    },
    "newsbot or its database wrote the value": {
        ("archive/batches.py", "int(found)"),
        ("archive/due_sites.py", "int(value)"),
        ("archive/overview.py", "int(row.live)"),
        ("archive/processes.py", "int(pid)"),
        ("export/warc_answers.py", "int(number)"),
        ("export/warc_rows.py", "int(row['id'])"),
        ("fleet/queue_schema.py", "int(connection.exec_driver_sql('SELECT max(version) FROM fleet').scalar_one())"),
        ("fleet/queue_schema.py", "int(connection.exec_driver_sql('SHOW server_version_num').scalar_one())"),
        ("report/attention.py", "int(facts.get('held_back') or 0)"),
        ("report/page.py", "float(receipt.facts.get('total_bytes') or 0)"),
        ("report/page.py", "float(receipt.facts.get('total_waited') or 0)"),
        ("report/page.py", "int(facts.get(name) or 0)"),
        ("report/page.py", "int(receipt.facts.get('total_requests') or 0)"),
        ("wordpress/site_json.py", "int(accepts['per_page'])"),
        ("wordpress/site_json.py", "int(longest)"),
        ("wordpress/site_json.py", "int(whole_rows)"),
        ("wordpress/witness/sitemap_lists.py", "int(account.state.get('next', 0))"),
    },
    "a pattern, or a comparison before, admits a few digits of ASCII": {
        ("arguments/site_list.py", "int(found[1])"),
        ("compact.py", "int(match[1])"),
        ("compact.py", "int(match[2] or match[1])"),
        ("export/forgotten_warc.py", "int(found[1], 16)"),
        ("report/charts.py", "int(first[:4])"),
        ("report/charts.py", "int(first[5:7])"),
        ("report/charts.py", "int(last[:4])"),
        ("report/charts.py", "int(last[5:7])"),
        ("rights/answers.py", "int(value)"),
        ("rights/well_known.py", "int(str(reservation))"),
        ("wordpress/pages/urls.py", "int(port)"),
        ("wordpress/pages/xml.py", "int(found[1])"),
        ("wordpress/pages/xml.py", "int(found[2], 16)"),
        ("wordpress/payload.py", "int(n)"),
    },
    "row_id read the same value before": {
        ("wordpress/witness/by_slug.py", "int(row['id'])"),
        ("wordpress/witness/revisit.py", "int(row['id'])"),
    },
    "Python reads digits of the base 8 or 16 however many there are": {
        ("safety/addresses.py", "int(part[2:] or '0', 16)"),
        ("safety/addresses.py", "int(part, 8)"),
        ("warc/reading.py", "int(data[at:line].partition(b';')[0], 16)"),
    },
    "the caller catches what Python raises": {
        ("fleet/scrapyd.py", "int(status['pending'])"),
        ("fleet/scrapyd.py", "int(status['running'])"),
    },
    "the kernel wrote the value": {
        ("browser/memory.py", "map(int, _OWN_MEMORY.findall(_read(f'/proc/{pid}/status')))"),
        ("browser/memory.py", "map(int, _read(f'/proc/{pid}/task/{task}/children').split())"),
    },
}
"""Why a call of ``int`` or ``float`` needs no reader of ``newsbot.numbers`` -> the calls."""

_ARITHMETIC = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.BitAnd)


def _is_number(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant | ast.Compare) or (
        isinstance(argument, ast.BinOp) and isinstance(argument.op, _ARITHMETIC)
    )


def _reads(call: ast.Call) -> bool:
    """Whether a call makes a number of a value that may be text."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in ("int", "float"):
        return not (len(call.args) == 1 and _is_number(call.args[0]))
    passed = {argument.id for argument in call.args if isinstance(argument, ast.Name)}
    return name not in ("isinstance", "defaultdict") and not passed.isdisjoint({"int", "float"})


@pytest.mark.xdist_group("code")
def test_only_one_module_reads_numbers_from_outside() -> None:
    modules = {str(path.relative_to(ROOT / "newsbot")): path for path in MODULES}
    reading = {
        (name, ast.unparse(call)) for name, path in modules.items() for call in nodes(path)[ast.Call] if _reads(call)
    }
    reading = {(name, call) for name, call in reading if name != "numbers.py"}
    safe = set().union(*SAFE.values())
    assert reading - safe == set(), "use a reader of newsbot.numbers, or say in SAFE why none is needed"
    assert safe - reading == set(), "these calls are gone: remove them from SAFE"


@pytest.mark.xdist_group("code")
def test_no_module_uses_the_digit_tests_of_str() -> None:
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for node in nodes(path)[ast.Attribute]
        if node.attr in ("isdigit", "isdecimal", "isnumeric") and path.name != "numbers.py"
    ]
    assert asking == [], "str.isdigit is true of a superscript two: use newsbot.numbers.is_digits"
