"""The line with which a command that cannot do its work ends."""

from __future__ import annotations

import errno

import pytest

from newsbot.commands.sites import Command


@pytest.mark.parametrize(
    ("fault", "file", "line"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), None, "Connection refused"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "r.json"),
            None,
            "r.json: No such file or directory",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", ".out.part"),
            "out.db",
            "out.db cannot be written: No space left",
        ),
    ],
    ids=["connection", "named", "written"],
)
def test_system_error_gives_one_line(
    fault: OSError, file: str | None, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Command()
    with command._ends_with_one_line(file):
        raise fault
    output = capsys.readouterr().err
    assert output.startswith(f"scrapy sites: {line}")
    assert output.count("\n") == 1
    assert command.exitcode == 1
