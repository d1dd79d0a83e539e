"""Texts of SQL and of rows, brought into a form in which they compare."""

from __future__ import annotations

import unicodedata


def letters(text: str | None) -> str:
    """Letters and digits only: WordPress's changes of quotes, dashes and paragraphs do not count as differences."""
    return "".join(c for c in unicodedata.normalize("NFKC", text or "") if c.isalnum())
