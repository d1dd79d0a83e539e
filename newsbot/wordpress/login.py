"""Whether a site knows the user as whom newsbot is logged in. Pure.

WordPress forbids caches to keep its answers to users, and so do many servers for every answer. If nothing else shows a
login, one request decides: WordPress refuses ``/users/me`` to a visitor.
"""

from __future__ import annotations

import re

from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Asking, Query, Reply

ROUTE = "/wp/v2/users/me"

_OF_VISITORS = {"GET", "HEAD", "OPTIONS"}


def note_login(site: Site, reply: Reply) -> Asking[None]:
    """Note what a ``reply`` shows about the login. Requests the user once, if the login is not certain."""
    if reply.logged_in and not (site.logged_in or site.logged_out or _names_right(reply)):
        asked = yield Query(url=site.api.url(ROUTE, {"_fields": "id"}), purpose="login", expects="any", tries=1)
        if asked.logged_in is False:
            reply = asked
    site.logged_out = site.logged_out or reply.logged_in is False
    site.logged_in = site.logged_in or (reply.logged_in is True and not site.logged_out)


def _names_right(reply: Reply) -> bool:
    """Whether the answer names a permission that no visitor has."""
    return not _OF_VISITORS.issuperset(re.findall(r"[A-Z]+", reply.headers.get("allow", "").upper()))
