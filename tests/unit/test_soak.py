"""Random sequences of a site's changes and of crawls: a verdict of ``complete`` means that nothing is lost."""

from __future__ import annotations

import pytest

from tests.examples import SOAK
from tests.unit.soak_sequences import kind_of, play, sequence

PARTS = 20
EACH = -(-(SOAK or 200) // PARTS)

MOST_UNSEEN = 2
"""Percent of the sequences in which an update of three requests may miss an exchange of two old rows: it shows in no
total, no newest id and no date before the update's moving border or a sweep passes it."""


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_sequences_break_no_promise(part: int) -> None:
    """A seed gives the same sequence in each run; ``python -m tests.unit.soak_sequences`` reduces one that fails."""
    played = {seed: play(sequence(seed)) for seed in range(part * EACH, (part + 1) * EACH)}
    broken = {seed: told for seed, told in played.items() if told is not None}
    unseen = [seed for seed, told in broken.items() if kind_of(told) == "silent"]
    print(broken)
    assert len(unseen) <= max(1, EACH * MOST_UNSEEN // 100), broken
    assert {seed: told for seed, told in broken.items() if seed not in unseen} == {}
