"""Where a run writes its WARC files: the argument ``warc=`` and the setting ``NEWSBOT_WARC``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from scrapy.settings import BaseSettings

from newsbot.errors import BadArgument
from newsbot.extras import require

_OFF = ("", "0", "false", "no", "off")


def warc_folder(settings: BaseSettings, *, asked: bool | None) -> str:
    """The folder of the WARC files; "" where the run writes none. ``asked`` is the argument ``warc=``."""
    folder = str(settings["NEWSBOT_WARC"] or "").strip()
    if asked is False or (asked is None and folder.lower() in _OFF):
        return ""
    if folder.lower() not in _OFF:
        return folder
    return str(Path(settings["NEWSBOT_DATA"]) / "warc") if settings["NEWSBOT_DATA"] else ""


TRIED_BYTES = 1 << 16
"""Bytes that are written to the folder and removed again, to check whether files can be written there."""


def check_warc(settings: BaseSettings, *, asked: bool | None) -> None:
    """Raise BadArgument where a run cannot write the WARC files that the user asks for."""
    if str(settings["NEWSBOT_WARC"]).strip() == "1":
        raise BadArgument("NEWSBOT_WARC takes a folder, not '1'; -a warc=1 writes to the folder warc in NEWSBOT_DATA")
    if folder := warc_folder(settings, asked=asked):
        require("warc", "warc=1" if asked else "NEWSBOT_WARC")
        _check_folder(Path(folder).expanduser())
    elif asked:
        raise BadArgument("warc=1 needs a folder, but NEWSBOT_DATA is empty: set NEWSBOT_WARC")


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadArgument(f"WARC files cannot be written to {folder}: {error.strerror}") from None
