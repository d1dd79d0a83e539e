"""Every exchange with a site as it went over the wire, in WARC files; and rows made again from these files.

``exchange`` collects the bytes of an exchange, ``handler`` copies them from the connection, ``recorder`` writes them
with ``files``. Nothing of this package is imported unless ``warc=1`` or ``NEWSBOT_WARC`` asks for it.
"""
