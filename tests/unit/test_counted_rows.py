"""What a listing of all ids tells of the rows that a site counts and hides."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from newsbot.wordpress.api import Collection
from newsbot.wordpress.collection.site_ids import Listed, SiteIds
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from tests.unit.soak_site import KEY, SoakSite


def listed(rows: int, hidden: frozenset[int], *, beyond: int) -> tuple[Listed, int]:
    """A listing of all ids, and its number of queries. The site counts ``beyond`` rows after the last one."""
    site = SoakSite(kind="media", per_page=100).site()
    options = Options(url=KEY, kind="media")
    queries = Queries(site=site, collection=Collection(name="attachment", route="/wp/v2/media"), options=options)
    steps, asked = SiteIds(queries).every("sweep"), 0

    def reply(query: Query) -> Reply:
        offset = int(dict(parse_qsl(urlsplit(query.url).query)).get("offset", 0))
        found: list[Any] = [{"id": one} for one in range(1, rows + 1)[offset : offset + 100] if one not in hidden]
        headers = {"x-wp-total": str(rows if offset < rows else beyond)}
        return Reply(status=200, url=query.url, headers=headers, body=json.dumps(found).encode())

    query = next(steps)
    while True:
        asked += 1
        try:
            query = steps.send(reply(query))
        except StopIteration as end:
            made: Listed = end.value
            return made, asked


@pytest.mark.parametrize("beyond", [0, 501])
@pytest.mark.parametrize("hidden", [frozenset[int](), frozenset({501}), frozenset({1}), frozenset({250, 400})])
def test_hidden_rows_are_measured_where_the_last_page_is_empty(hidden: frozenset[int], beyond: int) -> None:
    """WordPress counts no row where the offset lies after the last row."""
    found, queries = listed(501, hidden, beyond=beyond)
    assert (found.hidden, len(found.dates), queries <= 7) == (len(hidden), 501 - len(hidden), True)
