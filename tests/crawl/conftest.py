"""The fixtures that the crawl tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.newsroom import Newsroom


@pytest.fixture
def room(site: Newsroom) -> Iterator[Newsroom]:
    """The test file's newsroom ``site`` without orders, hooks or earlier requests.

    Tests that change posts start their own newsroom.
    """
    site.forget()
    yield site
    site.relent()
    site.site.hooks.clear()
    site.site.memory.clear()
