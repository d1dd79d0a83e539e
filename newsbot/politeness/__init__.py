"""How fast a host may get requests. Pure: no Scrapy, no I/O, no clock; every time is passed in."""
