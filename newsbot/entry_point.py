"""Where the command ``newsbot`` begins: Ctrl-C is reported in one line from here on, before the modules of the command
are read."""

from __future__ import annotations

from newsbot import interrupted


def main() -> None:
    """Run the command line."""
    interrupted.install()
    # ``types`` is all that was imported so far: the imports below take most of the time until a signal has a handler.
    from newsbot import console

    console.main()
