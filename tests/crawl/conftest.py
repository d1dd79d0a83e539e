"""What the crawl tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.newsroom import Newsroom


@pytest.fixture
def room(site: Newsroom) -> Iterator[Newsroom]:
    """The test file's newsroom ``site`` without orders, hooks or earlier requests.

    Tests that change posts start a newsroom of their own.
    """
    site.forget()
    yield site
    site.relent()
    site.site.hooks.clear()
    site.site.memory.clear()
