"""Ctrl-C in a command, in one line. Imports only modules that Python loads at its start, so that the line is shown from
the first moment on."""

from __future__ import annotations

import os
import sys
from types import TracebackType

LINE = "stopped by Ctrl-C; nothing unfinished is kept. The same command begins again"


def install() -> None:
    """Report Ctrl-C in one line from now on, unless another program handles exceptions."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = in_one_line


def in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report Ctrl-C in one line. Python then ends with the signal. The exception passes through the code of files and
    of the archive, and this code undoes unfinished work. Other exceptions are shown as Python shows them.
    """
    if issubclass(kind, KeyboardInterrupt):
        os.write(2, f"{' '.join([program(), *sys.argv[1:2]])}: {LINE}\n".encode("utf-8", "backslashreplace"))
    else:
        sys.__excepthook__(kind, error, trace)


def program() -> str:
    """The name of the command that the user started: ``newsbot`` where the wheel is installed, else ``scrapy``."""
    return "newsbot" if os.path.splitext(os.path.basename(sys.argv[0]))[0] == "newsbot" else "scrapy"  # noqa: PTH119, PTH122 - pathlib is not loaded yet
