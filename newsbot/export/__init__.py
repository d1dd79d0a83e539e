"""The files of ``scrapy export``: the archive, and clusters of near-duplicates."""
