"""``python -m tests.newsroom``: print the newsroom's URL, serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from dataclasses import fields
from typing import Any, get_type_hints

from tests.newsroom.faults import menu
from tests.newsroom.options import Options
from tests.newsroom.server import start
from tests.newsroom.site import FakeSite


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.newsroom", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--options", type=json.loads, default={}, help="options as a JSON object")
    parser.add_argument("--faults", action="store_true", help="list the faults that can be ordered, and leave")
    parser.add_argument("--order", action="append", type=json.loads, default=[], help='{"fault": "bom", "times": 1}')
    hints = get_type_hints(Options)
    for field in fields(Options):
        flag = "--" + field.name.replace("_", "-")
        if hints[field.name] is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None)
        elif field.name == "kilobytes":
            parser.add_argument(flag, nargs=2, type=float, default=None, metavar=("LEAST", "MOST"))
        else:
            kind = hints[field.name] if hints[field.name] in (int, float) else str
            parser.add_argument(flag, type=kind, default=None)
    return parser


def read_options(arguments: argparse.Namespace) -> Options:
    chosen: dict[str, Any] = dict(arguments.options)
    for field in fields(Options):
        value = getattr(arguments, field.name)
        if value is not None:
            chosen[field.name] = value
    if "kilobytes" in chosen:
        chosen["kilobytes"] = tuple(chosen["kilobytes"])
    return Options(**chosen)


async def serve(site: FakeSite, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    runner = await start(site, port)
    print(site.url, flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.faults:
        print(menu())
        return
    site = FakeSite(read_options(arguments))
    for order in arguments.order:
        site.order(**order)
    asyncio.run(serve(site, arguments.port))


if __name__ == "__main__":
    main()
