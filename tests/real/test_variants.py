"""The crawl of a real WordPress that hides posts from its REST API never ends ``complete``. That of a healthy WordPress
that looks odd ends ``complete``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.variants import VARIANTS, Variant, play
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real

ALL = bool(os.environ.get("NEWSBOT_VARIANTS"))
"""``make soak`` plays all variants; ``make test`` those that say ``always``."""


@pytest.fixture(scope="module")
def site(wordpress_68: WordPress) -> Iterator[WordPress]:
    with wordpress_68.kept():
        yield wordpress_68
    wordpress_68.set_permalinks("pretty")


@pytest.mark.parametrize("variant", [pytest.param(one, id=one.name) for one in VARIANTS if ALL or one.always])
def test_crawl_of_a_variant_reports_hidden_posts_and_calls_healthy_sites_complete(
    site: WordPress, tmp_path: Path, variant: Variant
) -> None:
    outcome = play(site, tmp_path, variant)
    assert outcome.holds, outcome.line()
