"""Sites in several languages, whose language plugin lists only one language unless a query names another one.

In the order of imports: ``plugins`` has the common features of the plugins, ``merge`` lists several languages as one
collection, ``spoken`` puts the languages into the queries of a crawl, ``search`` finds out which languages a site
hides, ``finding`` decides when a run searches.
"""
