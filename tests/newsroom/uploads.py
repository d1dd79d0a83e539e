"""Files under wp-content/uploads. Most have the type that their name says; some have another.

``liar-*`` sends a page with the type of a picture; ``same-*`` has the same bytes under every name; ``huge-*`` has 200
KiB; ``missing-*`` is a 404.
"""

from __future__ import annotations

from hashlib import sha256

from tests.newsroom.answer import Answer, Question

FOLDER = "/wp-content/uploads/"
KINDS = {
    "jpg": ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "pdf": ("application/pdf", b"%PDF-1.7\n"),
    "mp3": ("audio/mpeg", b"ID3\x04\x00"),
    "svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "php": ("text/html", b"<?php echo 1;"),
}


def upload(question: Question) -> Answer | None:
    """The file at a path under the uploads. None for another path, or where there is no file."""
    name = question.path.rpartition("/")[2]
    suffix = name.rpartition(".")[2].lower()
    if not question.path.startswith(FOLDER) or suffix not in KINDS or name.startswith("missing-"):
        return None
    return Answer(body=body_of(name), headers={"Content-Type": KINDS[suffix][0]})


def body_of(name: str) -> bytes:
    """The bytes of a file, computed from its name."""
    if name.startswith("liar-"):
        return b"<!DOCTYPE html><html><script>alert(1)</script></html>"
    beginning = KINDS[name.rpartition(".")[2].lower()][1]
    content = "same" if name.startswith("same-") else name
    return beginning + sha256(content.encode()).digest() * (6_400 if name.startswith("huge-") else 60)
