"""Random sequences of a site's changes and of crawls: a verdict of ``complete`` means that nothing is lost."""

from __future__ import annotations

import pytest

from tests.examples import SOAK
from tests.unit.soak_sequences import History, Step, play, sequence

PARTS = 20
EACH = -(-(SOAK or 200) // PARTS)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_random_sequences_lose_no_row(part: int) -> None:
    """A seed gives the same sequence in each run; ``python -m tests.unit.soak_sequences`` reduces one that fails."""
    played = {seed: play(sequence(seed)) for seed in range(part * EACH, (part + 1) * EACH)}
    broken = {seed: fault for seed, fault in played.items() if fault is not None}
    assert broken == {}


def test_comment_displaced_by_another_comment_is_delivered() -> None:
    """Three comments share a date, and the site ignores orderby= and order=. The count of a listing misses one row."""
    lie = ("begin_lie", 2208)
    assert play(History("comments", posts=33, ties=3, per_page=5, steps=(Step(acts=(lie, ("twin", 254))),))) is None


def test_deletion_on_a_site_without_any_order_is_not_missed_silently() -> None:
    """The site ignores exclude=, include= and orderby=, so that the second listing breaks off. Its count confirms the
    first one, and says nothing of a row that only the archive holds."""
    assert play(sequence(50_355)) is None


def test_hidden_row_does_not_replace_a_deleted_row_in_the_count() -> None:
    """The total does not change any more. Two hidden rows stand before the newest row, and an older row is trashed: the
    newest row keeps its rank, so that the rank proves nothing."""
    steps = (
        Step(acts=(("edit", 8564),), during=((5, ("delete_and_back_date", 2648)),)),
        Step(acts=(("begin_lie", 5035), ("count_more", 6511), ("count_more", 6204))),
        Step(),
        Step(acts=(("back_date", 8510),), during=((5, ("begin_lie", 8673)),)),
        Step(acts=(("trash", 36),)),
    )
    assert play(History("media", posts=7, ties=1, per_page=3, steps=steps, longest=215)) is None


def test_short_page_with_a_hidden_row_is_not_the_whole_site() -> None:
    """The site sends the number of rows on a page as the total. A hidden row takes a place on the first page, which
    then looks like a whole collection of two rows."""
    steps = (
        Step(acts=(("add", 546), ("count_more", 4190), ("trash", 469), ("delete_and_back_date", 4121))),
        Step(acts=(("back_date", 6183), ("trash", 3371)), during=((1, ("begin_lie", 6060)),)),
        Step(acts=(("count_more", 4985), ("restore", 4877), ("exchange_quietly", 3388))),
    )
    assert play(History("posts", posts=0, ties=1, per_page=3, steps=steps)) is None
