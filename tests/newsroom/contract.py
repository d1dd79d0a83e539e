"""How WordPress's REST API behaves, as checks that every server with this API must pass.

Each ``check_*`` takes a REST client (``Ask``) and the truth about the site's content, and asserts. The same checks run
against the newsroom and against real WordPress, so that the newsroom cannot differ from WordPress::

    @pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
    def test_contract(check, ask, truth): check(ask, truth)

The checks change nothing on the site.
"""

from __future__ import annotations

from tests.newsroom import contract_lists, contract_objects
from tests.newsroom.truth import Check, Truth

CHECKS: list[Check] = [*contract_objects.CHECKS, *contract_lists.CHECKS]

__all__ = ["CHECKS", "Check", "Truth"]
