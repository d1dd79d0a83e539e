"""How many examples the tests with generated input try: few in ``make test``, many in ``make soak``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

SOAK = int(os.environ.get("NEWSBOT_SOAK", "0"))
"""How many examples each of these tests tries; 0: the few that the test names itself."""


def examples(few: int, *, fixed: bool = False) -> Callable[[Any], Any]:
    """Decorate a hypothesis test: ``few`` examples, or NEWSBOT_SOAK of them.

    ``fixed``: the few are the same in each run, in CI or not.
    """

    def decorate(test: Any) -> Any:
        told: dict[str, Any] = {"derandomize": True} if fixed and not SOAK else {}
        return pytest.mark.soak(settings(max_examples=SOAK or few, deadline=None, **told)(test))

    return decorate
