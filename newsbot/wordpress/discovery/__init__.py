"""Finds a site's REST API from the address that a user gives."""

from newsbot.wordpress.discovery.search import discover

__all__ = ["discover"]
