"""Workers that share the followed sites of one archive in PostgreSQL.

Procrastinate has the queue: a job is one check of one site. Its worker runs in the event loop of Scrapy, which crawls
the sites. The table of followed sites says when a site is due; only what is due now becomes a job.
"""
