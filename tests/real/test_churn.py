"""Random churn of a real WordPress: what an update run calls complete is what SQL holds, and what a reader holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.real.churn import Churn, run
from tests.real.wordpress import WordPress

pytestmark = [pytest.mark.real, pytest.mark.timeout(3_600)]

ROUNDS = int(os.environ.get("NEWSBOT_ROUNDS", "2"))
"""How many rounds; ``make soak`` plays 60."""


def test_no_change_of_the_site_is_lost_silently(wordpress_68: WordPress, tmp_path: Path) -> None:
    wordpress_68.set_permalinks("pretty")
    with wordpress_68.kept():
        rounds = run(Churn(wordpress_68, tmp_path, seed=9), ROUNDS)
    assert [round_.line() for round_ in rounds if round_.silent] == []
    assert sum(one.status == 0 for one in rounds) > len(rounds) // 2, "a false alarm in every other round is no proof"
