"""What ``scrapy export`` writes: the archive, and clusters of near-duplicates."""
