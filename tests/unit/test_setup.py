"""Setting up: what is pinned, what is an extra, and how ``make setup`` and ``make crawl`` install it."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import setuptools  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from newsbot.extras import EXTRAS

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-extras.txt", "requirements-dev.txt")
UV_INSTALL: dict[str, Any] = runpy.run_path(str(ROOT / ".ci/uv_install.py"))

PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^ ;=]+( ; .+)?")


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    loose = [line for line in lines if line and not line.startswith(("#", "-r ")) and not PIN.fullmatch(line)]
    assert loose == []
    # Two extras may need one library; its pins are the same then.
    pins = {line.lower() for line in lines if "==" in line}
    assert len({pin.split("==")[0] for pin in pins}) == len(pins)


def pinned(*names: str) -> list[Requirement]:
    lines = [line for name in names for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if "==" in line]


def needed(requirements: list[Requirement]) -> Iterator[str]:
    """The names of all that is installed with these."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(requirement.name, frozenset(requirement.extras)) for requirement in requirements]
    while waiting:
        if (entry := waiting.pop()) in seen:
            continue
        seen.add(entry)
        name, extras = entry
        yield canonicalize_name(name)
        for line in distribution(name).requires or ():
            asked = Requirement(line)
            if asked.marker is None or any(asked.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                waiting.append((asked.name, frozenset(asked.extras)))


@pytest.mark.parametrize("files", [FILES[:1], FILES[:2], FILES])
def test_every_installed_library_is_pinned(files: tuple[str, ...]) -> None:
    pins = pinned(*files)
    # scrapyd-client asks for pip, which each environment has.
    assert set(needed(pins)) - {"pip"} == {canonicalize_name(pin.name) for pin in pins}


def packaged(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py tells setuptools."""
    arguments: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", lambda **given: arguments.update(given))
    runpy.run_path(str(ROOT / "setup.py"))
    return arguments


def test_package_has_the_documented_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = packaged(monkeypatch)["extras_require"]
    assert {name: sorted(libraries) for name, libraries in extras.items()} == {
        name: sorted(libraries) for name, libraries in EXTRAS.items()
    }


def test_package_requires_the_libraries_of_a_crawl_and_of_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = set(packaged(monkeypatch)["install_requires"])
    assert {"scrapy", "trafilatura", "pycld2"} <= installed
    assert installed.isdisjoint(library for libraries in EXTRAS.values() for library in libraries)


def test_setup_reports_a_too_old_python_with_one_line(tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python"):
        old = tmp_path / name
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
    empty = tmp_path / "project"
    empty.mkdir()
    done = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci/setup"), "requirements.txt"],
        cwd=empty,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11" in done.stderr


def test_pips_settings_are_read_as_pip_reads_them() -> None:
    listing = "global.index-url='https://one.example/simple'\nglobal.timeout='60'\ninstall.timeout='90'\n"
    read = UV_INSTALL["settings_of"](listing + ":env:.index-url='https://two.example/simple'\nfreeze.all='1'\n")
    assert read == {"index-url": "https://two.example/simple", "timeout": "90"}


def test_uv_gets_the_index_settings_of_pip(tmp_path: Path) -> None:
    settings = {
        "index-url": "https://user:word@own.example/simple",
        "extra-index-url": f"\nhttps://more.example/simple\nfile://{tmp_path}/none",
        "find-links": f"{tmp_path} file://{tmp_path} {tmp_path}/none",
        "constraint": "constraints.txt",
        "trusted-host": "own.example",
        "cert": "ca.pem",
        "quiet": "1",
    }
    assert UV_INSTALL["environment"](settings) == {
        "UV_DEFAULT_INDEX": "https://user:word@own.example/simple",
        "UV_INDEX": "https://more.example/simple",
        "UV_FIND_LINKS": f"{tmp_path},file://{tmp_path}",
        "UV_CONSTRAINT": "constraints.txt",
        "UV_INSECURE_HOST": "own.example",
        "SSL_CERT_FILE": "ca.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


@pytest.mark.parametrize("setting", ["no-binary", "client-cert", "only-binary", "a-setting-of-tomorrow"])
def test_pip_installs_when_uv_does_not_know_a_setting(setting: str) -> None:
    assert UV_INSTALL["environment"]({setting: "1"}) is None


PYTHON = """#!/bin/sh
# A Python of tests: notes what it is asked for, and fails at what FAILS matches.
echo "$*" >> asked
case "$*" in $FAILS) exit 1;; *uv==*) touch .venv/bin/uv; chmod +x .venv/bin/uv;; esac
"""


def set_up(project: Path, *, fails: str) -> tuple[int, list[str]]:
    """The status of ``.ci/setup`` in a project whose .venv has a Python of the tests, and the calls of that Python."""
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").write_text(PYTHON, encoding="utf-8")
    (project / ".venv/bin/python").chmod(0o755)
    tools = project / "tools"
    tools.mkdir()
    for tool in ("touch", "chmod"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci/setup"), "requirements.txt"],
        cwd=project,
        env={"PATH": str(tools), "FAILS": fails},
        capture_output=True,
        text=True,
        check=False,
    )
    asked = (project / "asked").read_text(encoding="utf-8").splitlines()
    return done.returncode, [line for line in asked if not line.startswith("-c ")]


def test_setup_installs_uv_with_pip_and_then_uses_uv(tmp_path: Path) -> None:
    status, asked = set_up(tmp_path, fails="never")
    assert status == 0
    assert re.search(r"-m pip install .*uv==\d", asked[0])
    assert asked[1:] == [".ci/uv_install.py .venv/bin/uv -r requirements.txt"]


@pytest.mark.parametrize("fails", ["*uv==*", "*uv_install*"])
def test_setup_uses_pip_when_uv_is_missing_or_fails(fails: str, tmp_path: Path) -> None:
    status, asked = set_up(tmp_path, fails=fails)
    assert status == 0
    assert re.search(r"-m pip install (?!.*uv==).*-r requirements.txt", asked[-1])


def test_setup_fails_when_pip_fails(tmp_path: Path) -> None:
    assert set_up(tmp_path, fails="*install*")[0] == 1


FOUND = """#!/bin/sh
# A Python of tests, in the folder that it was found in.
case "$*" in
    *base_prefix*) echo "$0"; echo "${0%/*}";;
    *sys.executable*) echo "$0";;
    "-m venv .venv")
        mkdir -p .venv/bin
        printf '#!/bin/sh\nexec "%s" "$@"\n' "$0" > .venv/bin/python
        chmod +x .venv/bin/python
        echo "$0" > made-with;;
    *ensurepip*) [ ! -e "${0%/*}/no-venv" ];;
esac
"""


@pytest.fixture
def two_pythons() -> Iterator[tuple[Path, Path]]:
    """A Python in a folder that its owner alone may enter, and one that everyone may run."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        home, system = Path(folder) / "home/bin", Path(folder) / "system/bin"
        for place in (home, system):
            place.mkdir(parents=True)
            (place / "python3").write_text(FOUND, encoding="utf-8")
            # Whatever the umask of the tests is.
            for path in (place.parent, place, place / "python3"):
                path.chmod(0o755)
        home.parent.chmod(0o700)
        yield home / "python3", system / "python3"


def made_with(project: Path, *pythons: Path, user: int = 0, **environment: str) -> tuple[str, str]:
    """The Python that ``.ci/setup`` takes for the .venv of a user, and what setup says. The first one is preferred."""
    tools = project / "tools"
    tools.mkdir()
    for tool in ("chmod", "dirname", "find", "mkdir", "rm"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    (tools / "id").write_text(f"#!/bin/sh\necho {user}\n", encoding="utf-8")
    (tools / "id").chmod(0o755)
    path = ":".join(str(one) for one in (*(python.parent for python in pythons), tools))
    done = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci/setup"), "requirements.txt"],
        cwd=project,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (project / "made-with").read_text(encoding="utf-8").strip(), done.stderr


def test_setup_as_root_chooses_a_python_that_a_service_can_run(two_pythons: tuple[Path, Path], tmp_path: Path) -> None:
    home, system = two_pythons
    python, said = made_with(tmp_path, home, system)
    assert (python, said) == (str(system), "")


@pytest.mark.parametrize(("user", "environment"), [(1000, {}), (0, {"CI": "true"})])
def test_setup_as_a_user_chooses_the_first_python(
    user: int, environment: dict[str, str], two_pythons: tuple[Path, Path], tmp_path: Path
) -> None:
    home, system = two_pythons
    assert made_with(tmp_path, home, system, user=user, **environment) == (str(home), "")


def test_setup_as_root_warns_when_no_python_can_be_run_by_a_service(
    two_pythons: tuple[Path, Path], tmp_path: Path
) -> None:
    home, system = two_pythons
    (system.parent / "no-venv").touch()
    python, said = made_with(tmp_path, home, system)
    assert python == str(home)
    assert "which other users cannot run" in said
