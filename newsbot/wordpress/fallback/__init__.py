"""Posts by other permitted ways, where a site keeps its REST API shut: its feed, its sitemaps with the article pages.

``addresses`` tells URLs and ids apart, ``xml`` reads XML without trusting it, ``feed``, ``sitemap`` and ``page`` read
one answer each, ``ways`` finds what a site offers, ``lists`` reads what it lists of a type, ``bringing`` brings one
type, ``falling`` is what a conversation calls.
"""
