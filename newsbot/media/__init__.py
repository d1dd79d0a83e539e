"""Files that articles show: what kind they are, and where they are kept. No Scrapy."""
