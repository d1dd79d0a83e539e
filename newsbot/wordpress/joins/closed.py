"""Whether visitors may read a route of joined objects at all."""

from __future__ import annotations

from newsbot.errors import BadStatus, PayloadError, Refused
from newsbot.wordpress.messages import Query, Steps
from newsbot.wordpress.replies import answer, rows_of

SHUT = (401, 403)
"""Statuses by which WordPress or a firewall closes a route to visitors. Many firewalls close that of users."""


def is_closed(one: Query, rows: Query) -> Steps[bool]:
    """Whether the site refuses the whole route, and not one object. ``one`` asks for any object of the route, ``rows``
    for a row of the collection: a firewall that refuses the rows too has banned newsbot, and closes no route.
    """
    try:
        answer((yield one))
    except Refused:
        return True
    except BadStatus as refusal:
        if refusal.status not in SHUT:
            return False
    else:
        return False
    try:
        rows_of((yield rows))
    except PayloadError:
        return False
    return True
