"""Flags of responses (``Response.flags``) that newsbot sets or reads."""

KEPT = "newsbot-kept"
"""The archive held this response. No request was made."""

DATA_LOSS = "dataloss"
"""Scrapy's flag for a body that is shorter than its Content-Length. newsbot sets it for cut compressed data."""
