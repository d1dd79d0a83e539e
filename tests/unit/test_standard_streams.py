"""Standard streams that the caller closed, and one that accepts no more data."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsbot import terminal

PROGRAM = """
import os
from newsbot.early_stop import open_closed_streams
open_closed_streams()
print("lost")
number = os.open(os.devnull, os.O_RDONLY)
os._exit(number)
"""


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
def test_no_file_gets_the_descriptor_of_a_closed_standard_stream(closed: tuple[int, ...]) -> None:
    opened = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM],
        preexec_fn=lambda: os.closerange(min(closed), max(closed) + 1),
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert opened.returncode > 2


class Full(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_full_standard_output_ends_the_command_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(terminal.OutputFailed) as ended:
        terminal.show("a line")
    assert ended.value.code == 1
    assert capsys.readouterr().err == "scrapy: standard output cannot be written: No space left on device\n"
