"""A Prometheus of the tests, with the rules of ``deploy/``: on a free port of loopback, with its data in a folder."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.real.ports import free_port
from tests.real.scrapyd import ROOT, wait_for


class Prometheus:
    """Scrapes the job ``newsbot`` on one port, each second, where ``deploy/prometheus.yml`` says 15 seconds."""

    def __init__(self, programs: Path, folder: Path, target: int) -> None:
        config = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(ROOT / "deploy/prometheus-rules.yml")]
        config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = (folder / "prometheus.log").open("wb")
        self.process = subprocess.Popen(
            [
                programs / "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
            ],
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        wait_for(self._ready, f"Prometheus starts ({folder / 'prometheus.log'})")

    def _ready(self) -> bool:
        assert self.process.poll() is None
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready"):
                return True
        except OSError:
            return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query."""
        found: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return found

    def alerts(self) -> dict[str, str]:
        """Alert -> ``pending`` or ``firing``. An alert that is neither is absent."""
        return {alert["labels"]["alertname"]: alert["state"] for alert in self._get("alerts")["alerts"]}

    def _get(self, what: str, **given: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(given)}") as answer:
            found: dict[str, Any] = json.load(answer)["data"]
        return found
