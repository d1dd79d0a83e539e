"""The User-Agent of newsbot."""

from __future__ import annotations

from newsbot import __version__

PRODUCT = "newsbot"
"""The name by which a robots.txt addresses newsbot. RFC 9309 section 2.2.1."""

NO_CONTACT = (
    "NEWSBOT_CONTACT is not set. Set it to a URL or an e-mail address, "
    "so that a site can contact you before it blocks newsbot"
)


def user_agent(contact: str) -> str:
    """``newsbot/<version> (+contact)``, or ``newsbot/<version>`` without a contact.

    Characters that a header comment cannot hold are removed: control characters, brackets, and all characters beyond
    ASCII.
    """
    clean = "".join(letter for letter in contact.strip() if " " <= letter <= "~" and letter not in "()\\")
    return f"{PRODUCT}/{__version__}" + (f" (+{clean})" if clean else "")
