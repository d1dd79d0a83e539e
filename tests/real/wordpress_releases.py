"""Where the WordPress trees of the two Debian suites are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.real.wordpress_processes import Missing

PROJECT = Path(__file__).resolve().parents[2]
SUITE = "trixie"


def installed() -> Path:
    """The file system in which Debian's own ``wordpress`` package is unpacked: the machine's."""
    if not Path("/usr/share/wordpress/wp-load.php").exists():
        raise Missing("WordPress is not installed: sudo sh tests/debian.sh")
    return Path("/")


def newer() -> Path:
    """The same of a newer suite, unpacked in the project's ``.cache`` (fetched once, nothing is installed)."""
    folder = PROJECT / ".cache" / f"wordpress-{SUITE}"
    done = subprocess.run(
        ["sh", str(Path(__file__).with_name("wordpress_newer.sh")), SUITE, str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise Missing(f"WordPress of Debian {SUITE} cannot be had: {done.stderr.strip()[-500:]}")
    return folder / "root"


def version(root: Path) -> str:
    """Such as ``6.8.12``."""
    text = (root / "usr/share/wordpress/wp-includes/version.php").read_text()
    found = re.search(r"^\$wp_version = '([^']+)'", text, re.MULTILINE)
    assert found is not None, "version.php without $wp_version"
    return found[1]
