"""Recognize posts behind a password in feeds and pages. newsbot marks such a post and never tries a password."""

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
    """Whether the HTML of an article contains WordPress's password form."""
    return _FORM.search(html) is not None


def bare_title(title: str | None) -> str | None:
    """The title without the "Protected: " that pages and feeds add at the front, and the API does not."""
    return _PREFIX.sub("", title, count=1) or None if title else None


def hide_protected(post: Post, html: str) -> None:
    """Set ``post.protected`` from the ``html`` of its article; remove the content of a protected post."""
    post.protected = asks_password(html)
    if post.protected:
        post.title, post.excerpt, post.content_html = bare_title(post.title), None, None
