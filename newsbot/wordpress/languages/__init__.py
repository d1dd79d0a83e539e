"""Sites in several languages, whose language plugin lists one language alone unless a query names another.

In the order of imports: ``plugins`` knows what the plugins have in common, ``merge`` lists several languages as one
collection, ``spoken`` puts the languages into the queries of a crawl, ``search`` finds out which languages a site
hides, ``finding`` decides when a run searches.
"""
