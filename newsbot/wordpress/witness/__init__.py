"""The second witness: what a site's sitemaps and feed list, set against what its REST API showed.

In the order of imports: ``matching`` compares URLs, ``choice`` decides which sitemaps are read, ``heard`` is what the
receipt says of one witness, ``listed`` asks for sitemaps and feeds, ``judging`` decides what an article's page proves,
``differences`` asks for what a witness lists and the API did not show, ``hearing`` runs all of these for one type.
"""
