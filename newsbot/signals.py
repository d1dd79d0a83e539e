"""The signals by which components inform each other without importing each other. A handler gets arguments by name.

``site_started(facts, target)``: the crawl of a site begins. ``facts`` is a ``wordpress.receipt.SiteFacts``, whose
``site`` (the key in the site's rows) is set before the first row. ``target`` is the ``site_list.Target``.
``site_ended(facts, followed)``: the crawl of a site has ended. ``followed``: the followed site as the archive had it
when its crawl began; None where the crawl does not follow the archive's due sites.
``part_began(facts)``: the crawl of a part of a site begins, or of a whole site of which the run has crawled a part. The
crawls of the other parts have ended.
``archive_failed(error)``: a component met an ``errors.ArchiveError``; the archive pipeline ends the crawl.
``request_written(url)``: the downloader passed a request to its open connection.
``robots_read(origin, status, body, crawl_delay)``: the robots.txt of an origin (``https://news.example``) is known,
from the site or from the archive. ``body`` are the bytes that are read, ``crawl_delay`` is in seconds, or None.
``host_waits(host, seconds, why)``: a host gets no request for this many seconds.
``feed_turn(target)``: a feed is about to replace the file at the path ``target`` or to append to it. If a dead run must
still rename a file to ``target``, a handler renames it now: later, that would undo the work of this feed.
``feed_sealed(part, target)``: the file at ``part`` is complete and synced to the disk. As soon as all handlers return,
it is renamed to ``target``; a handler that removes ``part`` prevents that.
``feed_stored(target, options)``: the file has its final name. ``options`` are those of the feed.
``warc_stored(folder, stored)``: the WARC file ``stored`` (``warc.finishing.StoredFile``) in ``folder`` is whole.
``archive_answered(asked, answer, options, target)``: the archive answered the question ``asked`` of a site's crawl.
``options``: one ``Options`` for each kind of rows. Sent only where the run writes WARC files.
``run_ended()``: the process of a crawl is about to end.
"""

site_started = object()
site_ended = object()
part_began = object()
archive_failed = object()
request_written = object()
robots_read = object()
host_waits = object()
feed_turn = object()
feed_sealed = object()
feed_stored = object()
warc_stored = object()
archive_answered = object()
run_ended = object()
