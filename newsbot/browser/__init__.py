"""Renders a page in the system's Chromium. Chromium opens no connection of its own.

The fetcher downloads the document like every other URL. Chromium gets that reply and runs its scripts. Newsbot
downloads what the scripts request, through the same middlewares. See docs/security.md.
"""

from newsbot.browser.browser import Browser

__all__ = ["Browser"]
