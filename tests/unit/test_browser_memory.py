"""Which process of the browser takes too much memory."""

from __future__ import annotations

import pytest

from newsbot.browser.memory import BROWSER_MIB, PAGE_MIB, ChromiumProcess, one_too_large


def processes(*sizes: tuple[bool, int]) -> list[ChromiumProcess]:
    return [ChromiumProcess(pid=pid, renders=renders, bytes=mib * 2**20) for pid, (renders, mib) in enumerate(sizes, 1)]


@pytest.mark.parametrize(
    ("sizes", "ended"),
    [
        ([], None),
        ([(False, 100), (True, PAGE_MIB), (True, 100)], None),
        ([(False, 100), (True, 100), (True, PAGE_MIB + 1), (True, PAGE_MIB)], 3),
        ([(False, PAGE_MIB + 300), (True, 100)], None),
        ([(False, 100), *[(True, PAGE_MIB - 1)] * 3], 2),
        ([(False, BROWSER_MIB), (True, 200)], 1),
    ],
    ids=["none", "at-the-limit", "largest-page", "not-a-page", "many-frames", "browser-itself"],
)
def test_process_that_takes_too_much_memory_is_ended(sizes: list[tuple[bool, int]], ended: int | None) -> None:
    assert one_too_large(processes(*sizes)) == ended
