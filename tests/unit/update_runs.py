"""Runs over a model site that changes: a first crawl, and updates after it."""

from __future__ import annotations

import pickle
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.archive.reader import Filter, read_current
from newsbot.wordpress.collection import incremental
from newsbot.wordpress.questions import CollectionState
from tests.unit.changing_site import KEY, PARAMS, ChangingSite, Update


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("changes") / "newsbot.db"
    Archive.open(f"sqlite:///{path}").close()
    return path


class Runs:
    """Runs over one model, in turn. ``params`` are the parameters that the site's route takes."""

    def __init__(self, folder: Path, model: ChangingSite) -> None:
        self.folder, self.model, self.number = folder, model, 0
        self.params = PARAMS

    @staticmethod
    def after_a_walk(folder: Path, *, rows: int, later: timedelta) -> Runs:
        """Runs after a first one, which listed a row of each of the last ``rows`` days ``later`` ago."""
        files, walked = after_first_run(rows)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        runs: Runs = pickle.loads(walked)
        runs.folder = folder
        runs.model.now += later
        return runs

    def __call__(self, **options: Any) -> list[tuple[int, str]]:
        """The rows that a run delivers: (id, change)."""
        self.number += 1
        self.model.asked.clear()
        update = Update(self.folder, self.number, self.model, **options)
        update.params = self.params
        update.run()
        self.facts = update.facts
        update.archive.close()
        return [(row[0], row[2]) for row in update.rows]

    def held(self) -> dict[int, str]:
        """The archive's live rows: id -> title."""
        archive = Archive.open(f"sqlite:///{self.folder / 'newsbot.db'}")
        rows: list[Any] = [row.record() for row in read_current(archive.database, Filter())]
        archive.close()
        return {row.id: row.title for row in rows}


@cache
def after_first_run(rows: int) -> tuple[dict[str, bytes], bytes]:
    """The files that a first run over ``rows`` rows leaves, and the pickled ``Runs``. Each test gets a copy of both."""
    with TemporaryDirectory() as folder:
        model = ChangingSite()
        for age in range(rows, 0, -1):
            model.insert(age=timedelta(days=age))
        runs = Runs(Path(folder), model)
        assert len(runs()) == rows
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}, pickle.dumps(runs)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs.after_a_walk(tmp_path, rows=250, later=timedelta(days=3))


@pytest.fixture
def counting(tmp_path: Path) -> Runs:
    """Runs over a site without ``exclude=`` and with more rows than an update lists: only dates and counts show
    changes.
    """
    runs = Runs.after_a_walk(tmp_path, rows=350, later=timedelta(days=3))
    runs.params = PARAMS - {"exclude"}
    return runs


@pytest.fixture
def searching(counting: Runs, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The same, of a collection that is too large to be listed whole after each odd change."""
    monkeypatch.setattr(incremental, "SWEPT_AT_ONCE", 100)
    return counting


def kept_state(runs: Runs) -> CollectionState:
    archive = Archive.open(f"sqlite:///{runs.folder / 'newsbot.db'}", run="reader")
    state = archive.state(KEY, "post")
    archive.close()
    return state
