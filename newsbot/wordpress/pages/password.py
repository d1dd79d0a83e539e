"""Posts behind a password: how a feed or a page shows one. It is told, not opened."""

from __future__ import annotations

import re

from newsbot.items import Post

_FORM = re.compile(r"post-password-form|name=[\"']post_password[\"']|action=[\"'][^\"']*action=postpass", re.I)
_WORDS = (
    *("Protected", "Geschützt", "Protégé", "Protegido", "Protetto", "Beveiligd", "Beskyttet", "Skyddad", "Suojattu"),
    *("Zabezpieczony", "Chráněno", "Chránené", "Védett", "Protejat", "Protegit", "Zaštićeno", "Korumalı", "受保护"),
    *(
        "Προστατευμένο",
        "Защищено",
        "Захищено",
        "Защитено",
        "Заштићено",
        "محمي",
        "מוגן",
        "保護中",
        "보호된 글",
        "受保护",
    ),
)
_PREFIX = re.compile(rf"(?:{'|'.join(_WORDS)})\s?[:：]\s*")


def asks_password(html: str) -> bool:
    """Whether WordPress's password form stands in the article's place."""
    return _FORM.search(html) is not None


def bare_title(title: str | None) -> str | None:
    """The title without the "Protected: " that pages and feeds put before it, and the API does not."""
    return _PREFIX.sub("", title, count=1) or None if title else None


def hide_protected(post: Post, html: str) -> None:
    """Note on a post whether ``html``, which stands for its article, asks for a password; if so, take the form out."""
    post.protected = asks_password(html)
    if post.protected:
        post.title, post.excerpt, post.content_html = bare_title(post.title), None, None
