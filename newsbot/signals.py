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
