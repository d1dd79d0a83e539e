"""The variants of a real WordPress are as many as the proof needs; tests/real/test_variants.py plays them."""

from __future__ import annotations

from tests.real.variants import VARIANTS


def test_there_are_ten_hiding_and_twenty_healthy_variants() -> None:
    assert sum(one.hides for one in VARIANTS) >= 10
    assert sum(not one.hides for one in VARIANTS) >= 20
    assert len({one.name for one in VARIANTS}) == len(VARIANTS)
    assert {variant.hides for variant in VARIANTS if variant.always} == {True, False}
