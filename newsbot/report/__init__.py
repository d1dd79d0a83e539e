"""``scrapy report``: one HTML file about the archive and its runs, without scripts and without the network."""
