"""Faults of bodies: JSON with foreign text before, after or inside it, and bodies that are too large."""

from __future__ import annotations

import gzip
from functools import lru_cache

from tests.newsroom.faults import Scene, fault

NOTICE = (
    "<br />\n<b>Notice</b>:  Undefined index: lantern in <b>/srv/www/wp-content/plugins/lamp/lamp.php</b> on line "
    "<b>42</b><br />\n"
)


@fault("bom", "body")
def bom(scene: Scene) -> bool:
    """A byte order mark before the JSON."""
    scene.made.body = b"\xef\xbb\xbf" + scene.made.body
    return True


@fault("php-notice", "body")
def php_notice(scene: Scene, *, text: str = NOTICE) -> bool:
    """A PHP notice before the JSON."""
    scene.made.body = text.encode() + scene.made.body
    return True


@fault("html-comment", "body")
def html_comment(scene: Scene, *, text: str = "\n<!-- Kept warm by Lamp Cache, page generated in 0.2 s -->") -> bool:
    """A cache plugin's comment after the JSON."""
    scene.made.body += text.encode()
    return True


@fault("truncated-json", "body")
def truncated_json(scene: Scene, *, keep: float = 0.5, bytes: int | None = None) -> bool:
    """A part of the JSON, or the first ``bytes`` of a page, with a Content-Length that agrees."""
    scene.made.body = scene.made.body[: int(len(scene.made.body) * keep) if bytes is None else bytes]
    return True


@fault("truncated-gzip", "body")
def truncated_gzip(scene: Scene, *, keep: float = 0.5, always: bool = False) -> bool:
    """A part of the compressed body, with a Content-Length that agrees. ``always``: also for a client that accepts no
    compression; other clients get the whole body."""
    if scene.question.headers.get("accept-encoding") == "identity" and not always:
        return False
    packed = gzip.compress(scene.made.body, mtime=0)
    scene.made.body = packed[: int(len(packed) * keep)]
    scene.made.headers["Content-Encoding"] = "gzip"
    return True


@fault("wrong-charset", "body")
def wrong_charset(scene: Scene, *, charset: str = "ISO-8859-1", kind: str = "text/html") -> bool:
    """A Content-Type that names another charset (and HTML) over UTF-8 JSON."""
    # Some sites let json_encode write UTF-8. In ASCII a wrong charset would change nothing.
    scene.made.headers["Content-Type"] = f"{kind}; charset={charset}"
    scene.made.body = scene.made.body.replace(b"\\u201c", "\u201c".encode()).replace(b"\\u2014", "\u2014".encode())
    return True


@fault("deep-json", "body")
def deep_json(scene: Scene, *, depth: int = 100_000) -> bool:
    """Lists in lists in lists."""
    scene.made.body = b"[" * depth + b"]" * depth
    return True


@fault("huge-numbers", "body")
def huge_numbers(scene: Scene, *, text: str = "18446744073709551616") -> bool:
    """A number beyond 64 bits (or 1e400, or NaN) in each object's ``menu_order``."""
    before = scene.made.body
    scene.made.body = before.replace(b'{"id":', b'{"menu_order":%s,"id":' % text.encode())
    return scene.made.body != before


@fault("lone-surrogates", "body")
def lone_surrogates(scene: Scene) -> bool:
    """Half an emoji in every title and content, as PHP cuts it."""
    before = scene.made.body
    scene.made.body = before.replace(b'"rendered":"', b'"rendered":"\\ud83d')
    return scene.made.body != before


@fault("gzip-bomb", "body")
def gzip_bomb(scene: Scene, *, megabytes: int = 256) -> bool:
    """A body of a few hundred KB that unpacks to many megabytes of JSON."""
    scene.made.body = _bomb(megabytes)
    scene.made.headers["Content-Encoding"] = "gzip"
    return True


@lru_cache(maxsize=2)
def _bomb(megabytes: int) -> bytes:
    # A gzip file may have many members. One megabyte is packed once, and that member is repeated.
    block = gzip.compress(b" " * (1 << 20), 9, mtime=0)
    return gzip.compress(b"[", mtime=0) + block * megabytes + gzip.compress(b"]", mtime=0)
