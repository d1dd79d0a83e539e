"""The newsroom passes the checks of WordPress's contract. tests/real runs the same checks on real WordPress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.newsroom import Newsroom, contract, contract_pages
from tests.newsroom.contract import Check, Truth
from tests.newsroom.contract_pages import PageCheck, browsing
from tests.newsroom.initial_posts import DELETED_USER, DRAFT, MISSING_MEDIA
from tests.newsroom.records import ZERO
from tests.newsroom.rest_client import asking


def truth_of(room: Newsroom) -> Truth:
    """Read from the newsroom's own rows, never through the API."""
    rows = [row for post_id in room.ids() if (row := room.site.row(post_id))]
    dates = {row.id: row.date.local for row in rows}
    tied = max(dates.values(), key=list(dates.values()).count)
    return Truth(
        core=room.options.core,
        plain=room.options.plain,
        zone=room.options.zone,
        posts=dates,
        modified={row.id: row.modified.local for row in rows},
        media=frozenset(room.ids("attachment")),
        tied=tied,
        draft=DRAFT,
        trashed=DRAFT + 2,
        protected=next(row.id for row in rows if row.protected),
        zero_date=next(row.id for row in rows if row.date.local == ZERO),
        empty_guid=next(row.id for row in rows if not row.guid),
        dangling_image=next(row.id for row in rows if row.featured_media == MISSING_MEDIA),
        forbidden_image=DRAFT + 50,
        silent_user=room.options.users,
        deleted_author=next(row.id for row in rows if row.author == DELETED_USER),
        authorless=next(row.id for row in rows if row.author == 0),
    )


STYLES: dict[str, dict[str, Any]] = {
    "pretty": {},
    "plain": {"plain": True},
    "6.1": {"core": "6.1"},
    "moved": {"folder": "news", "prefix": "api-rest", "zone": "America/St_Johns"},
}


@pytest.fixture(scope="module", params=STYLES)
def room(request: pytest.FixtureRequest) -> Iterator[Newsroom]:
    with Newsroom(posts=300, **STYLES[request.param]) as opened:
        yield opened


@pytest.fixture(scope="module")
def truth(room: Newsroom) -> Truth:
    """Read once for each newsroom: no check changes a post."""
    return truth_of(room)


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_newsroom_keeps_the_contract_of_the_api(room: Newsroom, truth: Truth, check: Check) -> None:
    check(asking(room.api), truth)


@pytest.mark.parametrize("check", contract_pages.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_newsroom_keeps_the_contract_of_pages(room: Newsroom, truth: Truth, check: PageCheck) -> None:
    # robots.txt stands at the host's root, also where the site is in a folder.
    home = room.url.removesuffix(f"{room.options.folder}/") if "robots" in check.__name__ else room.url
    check(browsing(home), truth)
