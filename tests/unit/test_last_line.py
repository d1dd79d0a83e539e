"""The last line of a run: what was skipped, and how to get it."""

from __future__ import annotations

from tests.conftest import skipped_line


def test_reasons_are_counted_and_the_most_frequent_comes_first() -> None:
    nginx, chromium = "nginx is not installed: sudo sh tests/debian.sh wordpress", "no Chromium"
    reasons = [f"Skipped: {reason}" for reason in (chromium, nginx, nginx)]
    assert skipped_line(reasons) == f"Skipped: 3 tests. 2 tests: {nginx}; 1 test: {chromium}"


def test_last_line_is_one_line_for_any_reason() -> None:
    assert skipped_line(["Skipped: two\nlines  here"]) == "Skipped: 1 test. 1 test: two lines here"


def test_last_line_reports_that_no_test_was_skipped() -> None:
    assert skipped_line([]) == "Skipped: no test."
