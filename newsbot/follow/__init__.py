"""The sites that a user follows: the actions of ``scrapy sites``, the targets of ``sites=archive``, and what a check
teaches about a site."""
