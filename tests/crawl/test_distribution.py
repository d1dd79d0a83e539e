"""The wheel of ``make dist``, in an environment without the files of this folder: the command ``newsbot`` works in any
folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from newsbot import console
from tests.newsroom import Newsroom

ROOT = Path(__file__).parents[2]
PACKAGED = (
    "newsbot",
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "LICENSE",
    "requirements.txt",
    "requirements-extras.txt",
)

LIBRARIES = [True, False] if os.environ.get("NEWSBOT_SOAK") else [True]
"""Whether the environment sees the libraries of this interpreter. ``make soak`` also installs every library anew."""


def run(*line: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SCRAPY", "NEWSBOT"))}
    done = subprocess.run(
        [str(word) for word in line], cwd=folder, env=clean | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


def wheel(folder: Path) -> Path:
    """The wheel as ``make dist`` builds it. A copy is built, since building writes into the project's folder."""
    project = folder / "project"
    project.mkdir()
    for name in PACKAGED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    built = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", ".")
    run(sys.executable, *built, folder=project)
    [found] = (project / "dist").glob("*.whl")
    return found


def environment_with(found: Path, folder: Path, *, libraries: bool) -> Path:
    """The folder of programs of a new environment with the wheel. ``libraries``: those of this interpreter are seen."""
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    python = folder / "venv/bin/python"
    if libraries:
        packages = sysconfig.get_path("purelib", vars={"base": str(folder / "venv")})
        (Path(packages) / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    wanted = (found, "--no-deps") if libraries else (f"{found}[markdown,parquet,report,sqlite,xlsx]",)
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile", *wanted, folder=folder)
    return folder / "venv/bin"


@pytest.mark.soak
@pytest.mark.parametrize("libraries", LIBRARIES)
def test_the_wheel_works_in_any_folder(libraries: bool, tmp_path: Path) -> None:
    newsbot = environment_with(wheel(tmp_path), tmp_path, libraries=libraries) / "newsbot"
    home = tmp_path / "any where"
    home.mkdir()
    with Newsroom(posts=12) as room:
        line = (newsbot, "crawl", "wp_posts", "-a", f"site={room.url}")
        done = run(*line, folder=home, NEWSBOT_ALLOW_PRIVATE="1", NEWSBOT_DELAY="0")
    first = done.stderr.splitlines()[0]
    assert first == f"newsbot crawl: archive {home}/newsbot.db, files in {home}/data"
    assert len(list((home / "data/wp_posts").glob("*.csv"))) == 1
    assert run(newsbot, "export", "all.csv", folder=home).stdout == "12 rows in all.csv\n"
    run(newsbot, "report", folder=home)
    assert "12" in (home / "report.html").read_text(encoding="utf-8")
    assert run(newsbot, "--version", folder=home).stdout.startswith("newsbot ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "archive /x/newsbot.db, files in /x/data"),
        (["-s", "NEWSBOT_DATA=out", "-s", "NEWSBOT_ARCHIVE="], "archive none, files in /x/out"),
        (["--set=NEWSBOT_DATA=", "--set", "NEWSBOT_ARCHIVE=sqlite:////y/a.db"], "archive /y/a.db, files in no folder"),
        (["-sNEWSBOT_ARCHIVE=postgresql://ann:secret@db/n"], "archive postgresql://ann:***@db/n, files in /x/data"),
    ],
)
def test_first_line_names_the_archive_and_the_data_folder(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "NEWSBOT_DATA", "data")
    monkeypatch.setattr(console, "NEWSBOT_ARCHIVE", "sqlite:///newsbot.db")
    assert console.places(["crawl", "wp_posts", *arguments], Path("/x")) == said
