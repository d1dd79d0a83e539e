"""A Scrapyd of the tests: by ``deploy/scrapyd.conf``, in a folder of its own, on a free port of loopback."""

from __future__ import annotations

import base64
import configparser
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.real.ports import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def wait_for(met: Callable[[], Any], what: str, seconds: float = 240, *, pause: float = 0.05) -> Any:
    """What ``met`` returns once it is true."""
    ends = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < ends, f"{what}: not within {seconds} s"
        time.sleep(pause)
    return found


class Scrapyd:
    """``home`` is its working folder, ``data`` the jobs' NEWSBOT_DATA."""

    def __init__(self, home: Path) -> None:
        self.home, self.data = home, home / "delivered"
        self.port, self.password = free_port(), secrets.token_hex(12)
        self.url = f"http://127.0.0.1:{self.port}/"
        config = configparser.ConfigParser()
        config.read(ROOT / "deploy/scrapyd.conf")
        config["scrapyd"].update({"http_port": str(self.port), "password": self.password, "poll_interval": "0.1"})
        with (home / "scrapyd.conf").open("w") as file:
            config.write(file)
        self.start()

    def start(self) -> None:
        self.log = (self.home / "scrapyd.log").open("ab")
        self.process = subprocess.Popen(
            [BIN / "scrapyd", "--pidfile="],
            cwd=self.home,
            env=self.environment(NEWSBOT_DATA=str(self.data), NEWSBOT_ARCHIVE=f"sqlite:///{self.home}/newsbot.db"),
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        wait_for(self._answers, "Scrapyd opens its port")

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of Scrapyd, without the user's own configuration of Scrapy and newsbot."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("NEWSBOT_", "SCRAPY", "PYTHON"))
        }
        return {**kept, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home), **more}

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.home / "scrapyd.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def call(self, action: str, *, password: str | None = None, **given: str | list[str]) -> tuple[int, dict[str, Any]]:
        """HTTP status and answer; a POST where the action changes something."""
        query = urllib.parse.urlencode(given, doseq=True)
        posts = action in ("schedule", "cancel", "delversion", "delproject")
        url = f"{self.url}{action}.json" + ("" if posts else f"?{query}")
        request = urllib.request.Request(url, data=query.encode() if posts else None)
        token = base64.b64encode(f"newsbot:{self.password if password is None else password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status), json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
                return error.code, json.loads(body) if body.startswith(b"{") else {}

    def schedule(self, spider: str, **given: str | list[str]) -> str:
        """The job's id, once it is in the queue."""
        status, answer = self.call("schedule", password=None, project="newsbot", spider=spider, **given)
        assert (status, answer.get("status")) == (200, "ok"), answer
        return str(answer["jobid"])

    def state(self, job: str) -> str:
        """``pending``, ``running`` or ``finished``; "" where Scrapyd does not list the job yet."""
        _, answer = self.call("listjobs", project="newsbot")
        for state in ("pending", "running", "finished"):
            if any(one["id"] == job for one in answer.get(state, ())):
                return state
        return ""

    def ended(self, job: str) -> None:
        # An answer takes Scrapyd some CPU time, which the job would have to share.
        wait_for(lambda: self.state(job) == "finished", f"job {job} ends", pause=0.2)

    def job_log(self, spider: str, job: str) -> str:
        return (self.home / "logs/newsbot" / spider / f"{job}.log").read_text(encoding="utf-8")


def deploy(
    project: Path, scrapyd: Scrapyd, *, password: str, version: str = "1", egg: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """``scrapyd-deploy`` as a user runs it: address and password stand in the user's own ~/.scrapy.cfg.

    ``egg``: one that was built before; without it the project's egg is built.
    """
    own = scrapyd.home / ".scrapy.cfg"
    config = configparser.ConfigParser()
    config["deploy"] = {"url": scrapyd.url, "username": "newsbot", "password": password}
    with own.open("w") as file:
        config.write(file)
    return subprocess.run(
        [BIN / "scrapyd-deploy", "--version", version, *(["--egg", str(egg)] if egg else [])],
        cwd=project,
        env=scrapyd.environment(),
        capture_output=True,
        text=True,
    )
