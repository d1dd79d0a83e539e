"""Posts of a site whose REST API is closed, by other permitted sources: the feed, the sitemaps and the article pages.

In the order of imports: ``sitemaps`` and ``feeds`` find what a site offers, ``sources`` holds both. ``listed`` is what
the sitemaps list of one type, ``seen`` what earlier runs brought. ``identity`` settles post ids, ``delivery`` sends
posts. ``feed_walk`` and ``page_walk`` bring posts, ``verdict`` judges. ``collection`` runs all of these for one type,
``site`` for a whole site.
"""
