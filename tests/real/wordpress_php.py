"""PHP code of tests, run inside of a site's own php-fpm."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from tests.real import fastcgi

WITH_WORDPRESS = """<?php
$bench_url = parse_url($call['url']);
$_SERVER['HTTP_HOST'] = $bench_url['host'] . ':' . $bench_url['port'];
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = ($bench_url['path'] ?? '') . '/';
require $call['root'] . '/wp-load.php';
"""
"""PHP that loads WordPress, as for a request of the site's home page. It stands before code that needs WordPress."""


class PhpError(Exception):
    """PHP code of a test failed; the text is what PHP said."""


class Php:
    """``socket`` is the pool's, ``script`` the path of ``wordpress_call.php`` there; ``root`` is WordPress's folder."""

    def __init__(self, socket: Path, *, script: Path, root: Path, url: str) -> None:
        self._socket = socket
        self._script = script
        self._site = {"root": str(root), "url": url}

    def run(self, code: str, args: dict[str, Any]) -> str:
        """What ``code`` (from ``<?php`` on) printed; it finds ``args`` in ``$args``. PhpError when PHP exits before the
        end of the code, or reports a warning or an error."""
        end = secrets.token_hex(16)
        body = json.dumps({"code": code, "args": args, "end": end, **self._site}).encode()
        params = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_FILENAME": str(self._script),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
        }
        answer, reported = fastcgi.ask(self._socket, params, body, timeout=120)
        printed = answer.decode()
        if reported or not printed.endswith(end):
            raise PhpError(f"{reported}{printed}"[:4000])
        return printed.removesuffix(end)
