"""Each regular expression of newsbot takes time that grows with its text, not with the square of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

import pytest

from tests.unit.pumping import BOUNDED, Expression, attacks, expressions

SIZES = (16, 19, 22, 25, 28, 32, 64, 256, 512, 1024, 4096)
"""Small steps at first, so that a cost that doubles with each letter is noticed while it is small. 512: the cube of 256
is less than CHEAP, and the cube of 1024 takes a second."""
CHEAP = 0.02
"""CPU seconds. A linear expression takes a hundredth of them for the longest text."""
GROWTH = 8
"""Four times the text takes a linear expression four times as long, and a quadratic one sixteen times."""


def seconds(expression: Expression, text: str) -> float:
    started = time.thread_time()
    expression.run(text)
    return time.thread_time() - started


def is_linear(expression: Expression, attack: Callable[[int], str], sizes: Sequence[int] = SIZES) -> bool:
    for size in sizes:
        cost = seconds(expression, attack(size))
        if cost > CHEAP:
            # A busy machine can slow one run. It does not slow three, and not the longer text alone.
            small = min(seconds(expression, attack(size // 4)) for _ in range(3))
            large = min(cost, *(seconds(expression, attack(size)) for _ in range(2)))
            if large > max(CHEAP, small * GROWTH):
                return False
    return True


def test_no_expression_takes_more_than_linear_time() -> None:
    found = expressions()
    slow = [
        f"{expression.place}: {expression.pattern.pattern!r:.120} on {attack(8)!r:.60}"
        for expression in found
        for attack in attacks(expression)
        if not is_linear(expression, attack)
    ]
    assert not slow, "\n".join(slow)
    assert len(found) > 300
    assert BOUNDED.keys() <= {expression.place for expression in found}


@pytest.mark.parametrize("slow", [r"\s+x", r"<!--.*?-->", r"(a+)+b", r"(?:\w|a)*!", r"\w*\d*\w*;"])
def test_an_expression_that_grows_faster_is_found(slow: str) -> None:
    expression = Expression("here", re.compile(slow), anchored=False)
    # On a fast machine the longest text of SIZES takes a quadratic expression little more than CHEAP.
    assert not all(is_linear(expression, attack, (*SIZES, 8192, 16384)) for attack in attacks(expression))


@pytest.mark.parametrize("fast", [r"<[^<>]*>", r"(?<!\s)\s++x", r"a*b", r"(?>a+)b"])
def test_a_linear_expression_passes(fast: str) -> None:
    expression = Expression("here", re.compile(fast), anchored=fast.startswith(("a", "(")))
    assert all(is_linear(expression, attack) for attack in attacks(expression))
