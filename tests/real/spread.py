"""Which of several real servers a test uses: each of them in ``make soak``, and a chosen one in ``make test``.

The tests of one property are spread over the servers, so that ``make test`` asks each server for most properties.
"""

from __future__ import annotations

import os
from itertools import product
from typing import Any

import pytest

EVERYWHERE = bool(os.environ.get("NEWSBOT_VARIANTS"))
"""Whether every test runs on every server, as ``make soak`` asks for."""

SERVERS = {"wordpress": ("wordpress_61", "wordpress_68"), "archive": ("sqlite", "postgresql")}
"""Fixture -> its servers."""


def spread(names: str, *usual: Any) -> pytest.MarkDecorator:
    """Parametrize the fixtures ``names`` (with commas) by ``usual``, or in ``make soak`` by all their servers."""
    fixtures = names.split(",")
    every = [SERVERS[name] for name in fixtures]
    chosen = list(product(*every)) if EVERYWHERE and len(fixtures) > 1 else every[0] if EVERYWHERE else usual
    return pytest.mark.parametrize(names, chosen, indirect=True)
