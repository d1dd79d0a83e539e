"""The sites that a user follows: the actions of ``scrapy sites``, the targets of ``sites=archive``, and what newsbot
learns about a site from a check."""
