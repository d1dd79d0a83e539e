"""How fast a host may be asked. Pure: no Scrapy, no I/O, no clock; every time is passed in."""
