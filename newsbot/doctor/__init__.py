"""What a site offers, what stands in the way of a crawl, and what a crawl costs. ``scrapy doctor`` prints it."""
