"""The second witness: what a site's sitemaps and feed list, set against what its REST API showed.

In the order of imports: ``matching`` compares URLs, ``choice`` decides which sitemaps are read, ``judging`` decides
what an article's page proves, ``findings`` collects what one hearing found out, ``by_slug`` and ``differences`` ask for
what a witness lists and the API did not show, ``revisit`` asks for such rows again, ``hearing`` runs all of these for
one type. ``sent`` remembers URLs where there is no archive.
"""
