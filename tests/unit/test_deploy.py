"""What deploy/ promises: ports on this machine only, secrets from the environment only, a worker that comes back."""

from __future__ import annotations

import configparser
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    return found


def test_the_services_are_a_database_workers_prometheus_and_grafana() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "worker", "prometheus", "grafana"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["worker"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    # Docker kills what has not ended by then; a worker ends within 30 seconds.
    assert services["worker"]["stop_grace_period"] == "60s"
    assert all("no-new-privileges:true" in service["security_opt"] for service in services.values())


def test_ports_are_open_only_on_the_loopback_address() -> None:
    ports = {name: service.get("ports", []) for name, service in compose()["services"].items()}
    assert ports["worker"] == ports["postgres"] == []
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)
    assert not any("network_mode" in service for service in compose()["services"].values())


def test_secrets_come_from_the_environment_and_must_be_set() -> None:
    given = [
        (name, str(value))
        for service in compose()["services"].values()
        for name, value in service.get("environment", {}).items()
    ]
    secret = [value for name, value in given if "PASSWORD" in name or "postgresql://" in value]
    assert len(secret) == 3
    assert all(re.fullmatch(r"[^$]*\$\{\w+:\?set it in \.env\}[^$]*", value) for value in secret)
    asked = {name for _, value in given for name in re.findall(r"\$\{(\w+):", value)}
    example = (DEPLOY / "compose.env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=$", example, re.MULTILINE)) == asked
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_files_of_the_services_exist_and_prometheus_scrapes_the_port_of_the_workers() -> None:
    configs = compose()["configs"]
    used = [one["source"] for service in compose()["services"].values() for one in service.get("configs", [])]
    assert sorted(used) == sorted(configs)
    assert all((DEPLOY / config["file"]).is_file() for config in configs.values() if "file" in config)
    (job,) = yaml.safe_load(configs["prometheus"]["content"])["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    worker = compose()["services"]["worker"]
    assert (job["job_name"], found["names"]) == ("newsbot", ["worker"])
    assert str(found["port"]) == worker["environment"]["NEWSBOT_METRICS_PORT"]
    assert worker["build"] == {"context": "..", "dockerfile": "deploy/Containerfile"}
    for name in ("datasource", "dashboards"):
        yaml.safe_load(configs[name]["content"])


def containerfile() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, continued lines joined."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.partition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, " ".join(rest.split())) for name, _, rest in lines]


def test_image_runs_without_privileges_and_has_a_health_check() -> None:
    steps = containerfile()
    last = steps[max(number for number, (name, _) in enumerate(steps) if name == "FROM") :]
    assert ("USER", "10001:10001") in last
    assert [rest for name, rest in last if name == "COPY"] == ["--from=build /opt/newsbot /opt/newsbot"]
    (check,) = [rest for name, rest in last if name == "HEALTHCHECK"]
    command = json.loads(check.partition("CMD ")[2])
    compile(command[2], "healthcheck", "exec")
    assert "/metrics" in command[2]
    assert last[-2:] == [("ENTRYPOINT", '["scrapy"]'), ("CMD", '["fleet", "worker"]')]


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """uv's variables for the sources that pip is set to on this machine, as ``make setup`` has them."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    found = runpy.run_path(str(ROOT / ".ci/uv_install.py"))
    variables: dict[str, str] | None = found["environment"](found["settings_of"](asked.stdout))
    if variables is None:
        pytest.skip("pip has a setting that uv does not know")
    return variables


@pytest.fixture(scope="module")
def uv() -> str:
    path = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if path is None:
        pytest.skip("uv is not installed: make clean setup")
    return path


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """uv's variable for the packages that build newsbot: those that this environment has."""
    path = tmp_path_factory.mktemp("build") / "constraints.txt"
    path.write_text(f"setuptools=={version('setuptools')}\n", encoding="utf-8")
    return {"UV_BUILD_CONSTRAINT": str(path)}


def test_steps_of_the_image_install_newsbot_without_installers(
    uv: str, sources: dict[str, str], build: dict[str, str], tmp_path: Path
) -> None:
    source, target = tmp_path / "source", tmp_path / "newsbot"
    for name, rest in containerfile():
        if name == "COPY" and not rest.startswith("--from"):
            *files, place = rest.split()
            for file in files:
                copied = source / place.removeprefix("/source").strip("/")
                whole = (ROOT / file).is_dir()
                destination = copied if whole else copied / Path(file).name
                destination.parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if whole else shutil.copy)(ROOT / file, destination)
    script = source / "deploy/container-install.sh"
    assert f"sh /source/{script.relative_to(source)} /source /opt/newsbot" in [rest for _, rest in containerfile()]
    # uv's cache has what make setup downloaded. A registry is asked only for what the cache lacks.
    for network in ({"UV_OFFLINE": "1"}, {}):
        shutil.rmtree(target, ignore_errors=True)
        done = subprocess.run(
            ["sh", str(script), str(source), str(target)],
            env={**sources, **os.environ, **network, **build, "UV": uv, "PYTHON": sys.executable, "COMPILE": "no"},
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    packages = {path.name.partition("-")[0].lower() for path in target.glob("lib/*/site-packages/*.dist-info")}
    assert {"newsbot_wp", "scrapy", "procrastinate", "psycopg", "prometheus_client", "spidermon"} <= packages
    assert packages.isdisjoint({"pip", "setuptools", "wheel", "uv", "pytest"})
    shutil.rmtree(source)
    listed = subprocess.run(
        [target / "bin/scrapy", "list"],
        cwd=tmp_path,
        env={"PATH": str(target / "bin"), "SCRAPY_SETTINGS_MODULE": "newsbot.settings"},
        capture_output=True,
        text=True,
    )
    assert listed.returncode == 0, listed.stderr
    assert "wp_posts" in listed.stdout.splitlines()


def unit(name: str) -> dict[str, dict[str, str]]:
    config = configparser.ConfigParser(strict=False, interpolation=None)
    config.optionxform = str  # type: ignore[method-assign, assignment]
    config.read(DEPLOY / name)
    return {section: dict(config[section]) for section in config.sections()}


def test_worker_unit_restarts_and_has_time_to_stop() -> None:
    service = unit("newsbot-worker@.service")["Service"]
    assert (service["Restart"], service["KillMode"], service["User"]) == ("always", "mixed", "newsbot")
    assert int(service["TimeoutStopSec"]) > 30
    assert service["ExecStart"] == "/opt/newsbot/.venv/bin/scrapy fleet worker"
    assert service["NoNewPrivileges"] == service["ProtectHome"] == "yes"
    text = (DEPLOY / "newsbot-worker@.service").read_text(encoding="utf-8")
    assert "Environment=NEWSBOT_METRICS_PORT=%i\n" in text
    assert not re.search(r"^Environment=.*(PASSWORD|postgresql)", text, re.MULTILINE)


def test_timer_and_scrapyd_use_the_same_archive() -> None:
    schedule, scrapyd = unit("newsbot-schedule.service")["Service"], unit("scrapyd.service")["Service"]
    assert unit("newsbot-schedule.timer")["Timer"]["OnCalendar"] == "minutely"
    slots = configparser.ConfigParser()
    slots.read(DEPLOY / "scrapyd.conf")
    found = slots["scrapyd"]
    node = f"http://{found['bind_address']}:{found['http_port']}"
    assert schedule["ExecStart"].endswith(f"scrapy fleet schedule --scrapyd {node} --slots {found['max_proc']}")
    archive = "Environment=NEWSBOT_ARCHIVE=sqlite:////var/lib/newsbot/newsbot.db\n"
    for name in ("newsbot-schedule.service", "scrapyd.service"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert archive in text and "EnvironmentFile=-/etc/newsbot/environment\n" in text
    assert schedule["User"] == scrapyd["User"] == "newsbot"
    assert "/etc/newsbot/schedule" not in (DEPLOY / "scrapyd.service").read_text(encoding="utf-8")
