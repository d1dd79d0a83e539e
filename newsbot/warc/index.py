"""The CDXJ index of a WARC file: a line for each answer, sorted by URL. Replay tools find answers by it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from newsbot.warc.finishing import SUFFIX
from newsbot.warc.reading import DamagedRecord, records_of

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")
_TYPE = re.compile(rb"^content-type:[ \t]*([^;\s]+)", re.I | re.M)
_WWW = re.compile(r"^www\d*\.")
HEAD = 1 << 16
"""The first bytes of an answer, in which its status and type are searched."""

_PORTS = {"http": 80, "https": 443}


def index_line(headers: Mapping[str, str], head: bytes, *, file: str, offset: int, length: int) -> str:
    """The line of an answer. ``headers``: the headers of its record, with lower-case names; ``head``: the headers of
    the answer itself."""
    url, status, media_type = headers["warc-target-uri"], _STATUS.match(head), _TYPE.search(head)
    fields = {
        "url": url,
        "mime": media_type[1].decode("latin-1") if media_type else "unk",
        "status": status[1].decode("ascii") if status else "-",
        "digest": headers.get("warc-payload-digest", "-"),
        "length": str(length),
        "offset": str(offset),
        "filename": file,
    }
    moment = re.sub(r"\D", "", headers["warc-date"])[:14]
    return f"{surt(url)} {moment} {orjson.dumps(fields).decode()}"


def surt(url: str) -> str:
    """The sort key of a URL: ``com,example)/path?query``, without scheme and ``www.``, in small letters."""
    parts = urlsplit(url)
    host = ",".join(reversed(_WWW.sub("", (parts.hostname or "").lower()).split(".")))
    port = f":{parts.port}" if parts.port not in (None, _PORTS.get(parts.scheme)) else ""
    path = parts.path.lower()
    path = path.rstrip("/") if path.rstrip("/") else "/"
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    return f"{host}{port}){path}" + (f"?{query}" if query else "")


def index_of(path: Path) -> list[str]:
    """The lines of a WARC file. Raises OSError."""
    found = []
    for record in records_of(path):
        if not isinstance(record, DamagedRecord) and record.kind == "response":
            head = record.block[:HEAD]
            line = index_line(record.headers, head, file=path.name, offset=record.offset, length=record.length)
            found.append(line)
    return found


def index_path(path: Path) -> Path:
    """The index beside a WARC file."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".cdxj")


def write_index(path: Path, lines: Iterable[str]) -> None:
    """Write the index of a WARC file beside it. Raises OSError."""
    index = index_path(path)
    part = index.with_name(f".{index.name}.part")
    part.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")
    part.replace(index)
