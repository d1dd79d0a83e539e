"""Signals by which the rooms that may not import each other tell what happened.

``site_started(facts, target)``, ``site_ended(facts)``: a ``wordpress.facts.SiteFacts``, when its crawl begins and ends.
``facts.site`` is the key that the site's rows carry, known from its first row on; ``target`` is the
``arguments.Target`` with what the site list says of it.
``archive_failed(error)``: an ``errors.ArchiveError``, from whoever met it; the archive pipeline ends the crawl.
``request_written(url)``: the downloader handed a request to its open connection.
"""

site_started = object()
site_ended = object()
archive_failed = object()
request_written = object()


feed_turn = object()
"""Signal ``feed_turn(target: Path)``: this feed is about to replace, or to add to, what stands at ``target``.

Who owes that file a rename, for a run that died, makes it now: made later, it would undo this one.
"""


feed_sealed = object()
"""Signal ``feed_sealed(part: Path, target: Path)``: the file at ``part`` is complete and synced to the disk.

As soon as all handlers return, it is renamed to ``target``. A handler that removes the file at ``part`` prevents that.
"""


feed_stored = object()
"""Signal ``feed_stored(target: Path)``: the file has its final name."""
