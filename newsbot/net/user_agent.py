"""How we introduce ourselves."""

from __future__ import annotations

from newsbot import __version__

PRODUCT = "newsbot"
"""The token by which a robots.txt means us. RFC 9309 section 2.2.1."""

NO_CONTACT = (
    "NEWSBOT_CONTACT is not set: give a URL or an e-mail address, "
    "so that a site can reach you before it has to block you"
)


def user_agent(contact: str) -> str:
    """``newsbot/<version> (+contact)``; without the brackets where there is no contact.

    What a header cannot hold is left out of the contact: controls, brackets, anything but ASCII.
    """
    clean = "".join(one for one in contact.strip() if " " <= one <= "~" and one not in "()\\")
    return f"{PRODUCT}/{__version__}" + (f" (+{clean})" if clean else "")
