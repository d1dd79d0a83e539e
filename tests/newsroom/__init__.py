"""A fake newsroom that behaves like WordPress: a REST API on 127.0.0.1 with invented news. Tests can order faults.

In a test::

    with Newsroom(posts=50, plain=True) as room:
        crawl(room.url)                                   # room.api is the index of its REST API
        room.publish(700); room.trash(1003); room.delete(1006)
        room.edit(1009, title="Changed"); room.insert(date="2024-06-01T10:00:00", title="New")
        assert [request.route for request in room.requests] == [...]

The options (``options.Options``) and their ``seed`` determine all of its content. Posts have the ids 1000, 1003,
1006 and so on, their images the ids after them; 700 to 705 are a draft, a scheduled, a trashed, a private, a pending
post and another draft; 750 is the draft's image. ``room.ids()`` lists what a visitor may read.

``room.on_request(hook)`` changes the room during a crawl: the hook gets each ``Request`` after its answer is made and
before it is sent. ``room.order(fault, match, times=2, ...)`` orders a fault. ``python -m tests.newsroom --faults``
lists all faults with their parameters. ``faults.Order`` explains ``match``::

    room.order("rate-limited", "/wp/v2/posts", param={"page": "2"}, times=1, retry_after=5, as_date=True)
    room.order("post-kills-page", ids=[1030])
    room.order("unauthorized", "/wp/v2/users")

``Newsroom(process=True)`` runs in a process of its own. ``python -m tests.newsroom --posts 2000`` starts one from a
shell, prints the URL, and ends on SIGTERM.
"""

from tests.newsroom.log import Request
from tests.newsroom.options import Options
from tests.newsroom.room import Newsroom

__all__ = ["Newsroom", "Options", "Request"]
