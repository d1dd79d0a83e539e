"""Where the WordPress trees of the two Debian suites are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.real.wordpress_processes import Missing

PROJECT = Path(__file__).resolve().parents[2]
SUITES = {"6.1": "bookworm", "6.8": "trixie"}


def tree(release: str) -> Path:
    """The file system in which the ``wordpress`` package of that release is unpacked. It is fetched once, into the
    project's ``.cache``; nothing is installed."""
    suite = SUITES[release]
    folder = PROJECT / ".cache" / f"wordpress-{suite}"
    done = subprocess.run(
        ["sh", str(Path(__file__).with_name("wordpress_tree.sh")), suite, str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise Missing(f"WordPress {release} of Debian {suite} cannot be had: {done.stderr.strip()[-500:]}")
    return folder / "root"


def version(root: Path) -> str:
    """Such as ``6.8.12``."""
    text = (root / "usr/share/wordpress/wp-includes/version.php").read_text()
    found = re.search(r"^\$wp_version = '([^']+)'", text, re.MULTILINE)
    assert found is not None, "version.php without $wp_version"
    return found[1]
