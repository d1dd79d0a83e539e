"""The URL that a user may have given without its scheme."""

from __future__ import annotations


def as_url(asked: str) -> str:
    """The URL of a site that the user may have given without its scheme."""
    return asked if "://" in asked else f"https://{asked}"
