"""Posts of a site whose REST API is closed, by other permitted sources: the feed, the sitemaps and the article pages.

In the order of imports: ``sitemaps`` and ``feeds`` find the sources of a site, and ``sources`` holds both. ``listed``
has the articles of one type in the sitemaps, ``seen`` the articles that earlier runs brought. ``identity`` resolves
conflicts of post ids, ``delivery`` sends posts. ``feed_walk`` and ``page_walk`` bring posts, ``verdict`` judges.
``collection`` runs all of these for one type, ``site`` for a whole site.
"""
