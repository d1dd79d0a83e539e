"""``uv_install.py UV -r FILE...``: install with uv what pip would install, from the sources that pip is set to.

uv reads none of pip's settings, so they are passed on. Where pip has a setting that has no counterpart here, nothing is
installed and the exit status is 3; where uv fails, the status is uv's. ``setup`` then lets pip install.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
"""pip's setting -> uv's variable. The settings pass through the environment, which does not show a URL's password."""

WITHOUT_EFFECT = {
    *("break-system-packages", "cache-dir", "compile", "disable-pip-version-check", "no-cache-dir", "no-color"),
    *("no-compile", "no-input", "no-python-version-warning", "no-warn-script-location", "progress-bar", "quiet"),
    *("require-virtualenv", "retries", "root-user-action", "user", "verbose"),
}
"""Settings of pip that change nothing of what comes into a virtual environment."""


def settings_of(listing: str) -> dict[str, str]:
    """The settings of ``pip install`` out of ``pip config list``, the later winning: global, install, environment."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in found:
            found[section][key] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def environment(settings: dict[str, str]) -> dict[str, str] | None:
    """uv's variables for pip's settings, or None where one has no counterpart."""
    if not settings.keys() <= VARIABLES.keys() | WITHOUT_EFFECT:
        return None
    found = {VARIABLES[key]: _value(key, value) for key, value in settings.items() if key in VARIABLES}
    # pip compares the versions of all its indexes.
    return {**found, "UV_INDEX_STRATEGY": "unsafe-best-match"}


def _value(key: str, value: str) -> str:
    places = value.split()
    if key in ("extra-index-url", "find-links"):
        # pip takes no notice of a folder that is not there; uv would fail.
        places = [place for place in places if not _is_missing_folder(place)]
    return ("," if key == "find-links" else " ").join(places)


def _is_missing_folder(place: str) -> bool:
    path = place.removeprefix("file://")
    return "://" not in path and not Path(path).exists()


def main(uv: str, *arguments: str) -> int:
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    # Without pip in the environment, only uv's own settings hold.
    variables = environment(settings_of(asked.stdout if asked.returncode == 0 else ""))
    if variables is None:
        return 3
    install = [uv, "pip", "install", "--quiet", "--python", sys.executable, *arguments]
    # What the user sets for uv itself wins.
    return subprocess.run(install, env={**variables, **os.environ}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
