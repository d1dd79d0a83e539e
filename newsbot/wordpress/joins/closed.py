"""Decides whether visitors may read a route of joined objects at all."""

from __future__ import annotations

from newsbot.errors import BadStatus, PayloadError, Refused
from newsbot.wordpress.messages import Query, Steps
from newsbot.wordpress.replies import answer, rows_of

SHUT = (401, 403)
"""Statuses by which WordPress or a firewall closes a route to visitors. Many firewalls close the route of users."""


def is_closed(one: Query, rows: Query) -> Steps[bool]:
    """Whether the site refuses the whole route, and not one object. ``one`` asks for any object of the route, ``rows``
    for a row of the collection: if a firewall refuses the rows too, it has banned newsbot, and the route itself is not
    closed.
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
