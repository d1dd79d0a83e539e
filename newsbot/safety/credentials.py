"""The application passwords of the user's own sites, by host. Pure, except that it reads the .netrc file."""

from __future__ import annotations

import base64
import netrc
import stat
from dataclasses import dataclass, field
from pathlib import Path

from newsbot.errors import BadArgument
from newsbot.urls import ascii_host


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and an application password. Its repr does not show the password."""

    user: str
    password: str = field(repr=False)

    def header(self) -> bytes:
        """The value of Authorization. RFC 7617, in UTF-8."""
        return b"Basic " + base64.b64encode(f"{self.user}:{self.password}".encode())


def parse_auth(text: str) -> dict[str, Credential]:
    """From NEWSBOT_AUTH: ``host[:port]=user:password``, with commas. Raises BadArgument, which never repeats the
    value."""
    found: dict[str, Credential] = {}
    for number, part in enumerate(text.split(","), start=1):
        if not part.strip():
            continue
        host, equals, pair = part.partition("=")
        user, colon, password = pair.partition(":")
        if not (equals and colon and host.strip() and user.strip() and password.strip()) or "/" in host:
            raise BadArgument(f"NEWSBOT_AUTH: entry {number} is not host=user:password")
        found[ascii_host(host.strip().lower())] = Credential(user.strip(), password.strip())
    return found


def read_netrc(path: Path) -> dict[str, Credential]:
    """The machines of a .netrc. Its ``default`` is ignored, since it would send a password to every site.

    A missing file has no machines. Raises BadArgument if the file cannot be read, or if other users can read it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadArgument(f"{path}: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadArgument(f"{path}: others can read it (chmod 600)")
    try:
        hosts = netrc.netrc(str(path)).hosts
    except netrc.NetrcParseError as error:
        raise BadArgument(f"{path}: line {error.lineno} cannot be read") from error
    except (OSError, UnicodeError) as error:
        raise BadArgument(f"{path} cannot be read: {type(error).__name__}") from error
    return {
        ascii_host(host.lower()): Credential(user, password)
        for host, (user, _, password) in hosts.items()
        if host != "default" and user and password
    }
