"""What a crawl's C library does with the memory of a page."""

from __future__ import annotations

import ctypes

import pytest

from newsbot.extensions.heap import LARGE, keep_thresholds


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


def test_a_large_block_goes_back_to_the_system_after_a_larger_one_was_freed() -> None:
    assert keep_thresholds()
    bytes(100 * LARGE)  # glibc would raise its threshold to this size
    before = _handed_out()
    block = bytes(2 * LARGE)
    assert _handed_out() >= before + len(block)
    del block
    assert _handed_out() < before + 2 * LARGE
