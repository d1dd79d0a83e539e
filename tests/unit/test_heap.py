"""What a crawl's C library does with the memory of a page."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy import signals
from scrapy.utils.test import get_crawler

from newsbot.extensions import heap
from newsbot.extensions.heap import LARGE, OFTEN, HeapExtension, keep_thresholds


class _Figures(ctypes.Structure):
    """``struct mallinfo2`` of malloc.h."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
    )]  # fmt: skip


def _handed_out() -> int:
    """The bytes of all blocks that the system handed out for themselves."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("the C library is not glibc 2.33 or later")
    library.mallinfo2.restype = _Figures
    return int(library.mallinfo2().hblkhd)


def large_blocks_go_back() -> None:
    """Raises AssertionError where the system does not take back a block that is smaller than one freed before."""
    before = _handed_out()
    assert keep_thresholds()
    bytes(200 * LARGE)  # glibc would raise its threshold to this size
    block = bytes(100 * LARGE)
    assert _handed_out() >= before + len(block)
    del block
    assert _handed_out() < before + 100 * LARGE


def test_freed_large_block_is_returned_to_the_system() -> None:
    _handed_out()
    # In a new process: the heap of this one may have a free block that is large enough.
    code = f"from {__name__} import large_blocks_go_back; large_blocks_go_back()"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


def test_free_pages_are_returned_after_some_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[int] = []
    given: list[int] = []
    monkeypatch.setattr(heap, "give_back", lambda: given.append(len(answers)))
    crawler = get_crawler()
    extension = HeapExtension.from_crawler(crawler)
    for answer in range(2 * OFTEN + 1):
        answers.append(answer)
        crawler.signals.send_catch_log(signals.response_received)
    assert given == [OFTEN, 2 * OFTEN]
    assert extension
