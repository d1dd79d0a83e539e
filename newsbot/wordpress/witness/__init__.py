"""The second witness: compares the lists in a site's sitemaps and feed with the rows of its REST API.

In the order of imports: ``matching`` compares URLs, ``choice`` decides which sitemaps are read, ``judging`` decides
what an article's page proves, ``findings`` collects the results of one hearing, ``by_slug`` and ``differences`` request
rows that a witness lists and the API did not show, ``revisit`` requests such rows again, ``hearing`` runs all of these
for one type. ``sent`` remembers URLs if there is no archive.
"""
