"""Whether a site knows the user as whom newsbot is logged in."""

from __future__ import annotations

import pytest

from newsbot.wordpress.login import note_login
from newsbot.wordpress.messages import Query, Reply
from tests.unit.test_languages import site_of

NOT_CACHED = {"cache-control": "no-store"}


@pytest.mark.parametrize(
    ("headers", "of_user", "asked", "knows"),
    [
        (NOT_CACHED | {"allow": "GET, POST"}, None, 0, True),
        (NOT_CACHED | {"allow": "GET"}, True, 1, True),
        (NOT_CACHED, None, 1, True),
        (NOT_CACHED, False, 1, False),
    ],
    ids=["editor", "reader", "no route of users", "visitor"],
)
def test_login_known_only_from_cache_headers_is_checked_once(
    headers: dict[str, str], of_user: bool | None, asked: int, knows: bool
) -> None:
    site, queries = site_of(), list[Query]()
    for _ in range(3):
        noting = note_login(site, Reply(status=200, url="", headers=headers, logged_in=True))
        for query in noting:
            queries.append(query)
            with pytest.raises(StopIteration):
                noting.send(Reply(status=200, url=query.url, logged_in=of_user))
            break
    assert [query.url.partition("?")[0].endswith("/wp-json/wp/v2/users/me") for query in queries] == [True] * asked
    assert (site.logged_in, site.logged_out) == (knows, not knows)


def test_loss_of_the_login_is_noted() -> None:
    site = site_of()
    for logged_in in (True, None, False, True):
        reply = Reply(status=200, url="", headers={"allow": "GET, POST"}, logged_in=logged_in)
        assert list(note_login(site, reply)) == []
    assert (site.logged_in, site.logged_out) == (True, True)
