"""A Chromium that runs and opens no connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Awaitable
from typing import Any, Self

from playwright.async_api import Browser as Connection
from playwright.async_api import Error
from scrapy.settings import Settings
from scrapy_playwright.handler import Config  # type: ignore[import-untyped]
from scrapy_playwright.provider import PlaywrightBrowserProvider  # type: ignore[import-untyped]

from newsbot.errors import BrowserError

LAUNCH_SECONDS = 60
CLOSE_SECONDS = 5.0

ARGUMENTS = (
    # The second wall. What the browser asks for is answered by us; what would pass that by finds no name, no address
    # and no proxy.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://newsbot.invalid:9",
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # older Chromiums know it by the next name
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--block-new-web-contents",
    "--js-flags=--max-old-space-size=512",
)


class Chromium:
    """Held by a pipe: it ends with us, however we end."""

    def __init__(self, provider: PlaywrightBrowserProvider, connection: Connection) -> None:
        self._provider = provider
        self.connection = connection

    @classmethod
    async def launch(cls, executable: str) -> Self:
        """Start it. Raises BrowserError."""
        options = {
            "executable_path": executable,
            "args": list(ARGUMENTS),
            # Root cannot have the sandbox: Chromium refuses to start with it.
            "chromium_sandbox": os.geteuid() != 0,
            # Our own environment may hold passwords.
            "env": {"PATH": os.defpath, "HOME": "/nonexistent"},
            "timeout": LAUNCH_SECONDS * 1000,
            # Signals are ours: Scrapy ends the crawl, and that ends the browser.
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,
        }
        provider = PlaywrightBrowserProvider(
            Config.from_settings(
                Settings({"PLAYWRIGHT_LAUNCH_OPTIONS": options, "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1})
            )
        )
        try:
            await provider.start()
            return cls(provider, await provider.launch_browser())
        except (Error, OSError) as error:
            await _within(provider.close())
            raise BrowserError(f"{executable} does not start: {why_not_started(str(error))}") from error
        except BaseException:
            await _within(provider.close())
            raise

    @property
    def alive(self) -> bool:
        return self.connection.is_connected()

    async def close(self) -> None:
        """End it and everything it started."""
        await _within(self.connection.close())
        await _within(self._provider.close())


async def _within(closing: Awaitable[Any]) -> None:
    """Wait for an end, but not for ever: what does not close ends with our side of its pipe."""
    with contextlib.suppress(Error, TimeoutError, OSError):
        await asyncio.wait_for(closing, CLOSE_SECONDS)


def why_not_started(report: str) -> str:
    """Playwright's report of a failed start -> the line that says why."""
    if "sandboxing failed" in report:
        return "its sandbox is not to be had for this user"
    said = re.findall(r"\[pid=\d+\]\[err\] (.+)", report) or re.findall(r"<(process did exit: .+)>", report)
    lines = said[-1:] or report.strip().splitlines()[:1] or ["no reason given"]
    return str(lines[0]).strip()[:200]
