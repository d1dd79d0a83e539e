"""The start of the command ``newsbot``. From here on Ctrl-C is reported in one line, before the modules of the command
are read."""

from __future__ import annotations

from newsbot import interrupted


def main() -> None:
    """Run the command line."""
    interrupted.install()
    # So far only ``types`` was imported. The imports below take most of the time until a signal has a handler.
    from newsbot import console

    console.main()
