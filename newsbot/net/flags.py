"""Flags that newsbot sets on responses (``Response.flags``)."""

KEPT = "newsbot-kept"
"""The archive held this response. No request was made."""
