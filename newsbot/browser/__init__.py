"""A page as a browser shows it: the system's Chromium, which opens no connection of its own.

The spider's driver downloads the document like everything else; Chromium is handed that answer, runs its scripts, and
what these ask for is downloaded by us again, through the very same middlewares. Told in docs/security.md.
"""

from newsbot.browser.browser import Browser

__all__ = ["Browser"]
