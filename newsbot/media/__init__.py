"""Files that articles show: their kinds, and the folder where they are stored. No Scrapy."""
