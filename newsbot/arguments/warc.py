"""Where a run writes its WARC files: the argument ``warc=`` and the setting ``NEWSBOT_WARC``."""

from __future__ import annotations

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


def check_warc(settings: BaseSettings, *, asked: bool | None) -> None:
    """Raise BadArgument where a run cannot write the WARC files that the user asks for."""
    if str(settings["NEWSBOT_WARC"]).strip() == "1":
        raise BadArgument("NEWSBOT_WARC takes a folder, not '1'; -a warc=1 writes to the folder warc in NEWSBOT_DATA")
    if warc_folder(settings, asked=asked):
        require("warc", "warc=1" if asked else "NEWSBOT_WARC")
    elif asked:
        raise BadArgument("warc=1 needs a folder, but NEWSBOT_DATA is empty: set NEWSBOT_WARC")
