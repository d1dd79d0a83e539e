"""What WordPress's REST API does, as checks that any server claiming to be one must pass.

Each ``check_*`` takes a way to ask (``Ask``) and the truth about the site's contents, and asserts. The same checks run
against the newsroom and against real WordPress, so that the newsroom cannot drift from it::

    @pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
    def test_contract(check, ask, truth): check(ask, truth)

They change nothing on the site.
"""

from __future__ import annotations

from tests.newsroom import contract_lists, contract_objects
from tests.newsroom.truth import Check, Truth

CHECKS: list[Check] = [*contract_objects.CHECKS, *contract_lists.CHECKS]

__all__ = ["CHECKS", "Check", "Truth"]
