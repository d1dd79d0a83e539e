"""A real WordPress passes the same checks as the fake newsroom, so that the newsroom cannot differ from WordPress."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.newsroom import contract, contract_pages
from tests.newsroom.contract import Check, Truth
from tests.newsroom.contract_pages import PageCheck, browsing
from tests.newsroom.records import ZERO
from tests.newsroom.rest_client import asking
from tests.real import truth
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real

_KNOWN: dict[tuple[str, bool], Truth] = {}


def local(sql_date: str) -> str:
    return ZERO if sql_date.startswith("0000") else sql_date.replace(" ", "T")


def truth_of(site: WordPress, *, plain: bool) -> Truth:
    """Read from SQL, once for each site."""
    if (site.version, plain) not in _KNOWN:
        named, posts = truth.named(site), truth.posts(site)
        modified = site.sql("SELECT ID AS id, post_modified AS at FROM wp_posts WHERE post_status = %s", ["publish"])
        dates = {i: local(row["date"]) for i, row in posts.items()}
        _KNOWN[site.version, plain] = Truth(
            core=site.version,
            zone="Europe/Paris",
            plain=plain,
            posts=dates,
            modified={row["id"]: local(row["at"]) for row in modified if row["id"] in posts},
            media=frozenset(truth.media(site)),
            tied=max(dates.values(), key=list(dates.values()).count),
            draft=named["draft"],
            trashed=named["trashed"],
            protected=named["protected"],
            zero_date=named["zero_date"],
            empty_guid=named["empty_guid"],
            dangling_image=named["dangling_image"],
            forbidden_image=named["image_of_draft"],
            silent_user=12,
            deleted_author=named["deleted_author"],
            authorless=named["authorless"],
        )
    return _KNOWN[site.version, plain]


@pytest.fixture(params=["wordpress_61", "wordpress_68"])
def wordpress(request: pytest.FixtureRequest) -> WordPress:
    """Both versions, with the permalinks of the test before: setting them would load WordPress twice."""
    site: WordPress = request.getfixturevalue(request.param)
    return site


# The decorator for the style of permalinks is below the other one, since the upper parameter changes with each test.
@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("permalinks", ["pretty", "plain"])
def test_wordpress_keeps_the_contract_of_the_api(
    wordpress: WordPress, permalinks: Literal["pretty", "plain"], check: Check
) -> None:
    wordpress.set_permalinks(permalinks)
    plain = permalinks == "plain"
    ask = asking(wordpress.url + ("/?rest_route=/" if plain else "/wp-json/"))
    check(ask, truth_of(wordpress, plain=plain))


@pytest.mark.parametrize("check", contract_pages.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("permalinks", ["pretty", "plain"])
def test_wordpress_keeps_the_contract_of_pages(
    wordpress: WordPress, permalinks: Literal["pretty", "plain"], check: PageCheck
) -> None:
    wordpress.set_permalinks(permalinks)
    check(browsing(wordpress.url), truth_of(wordpress, plain=permalinks == "plain"))
