"""A stop before Scrapy listens to signals: the receipt, the line, and which processes are left alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from newsbot import early_stop, interrupted
from newsbot.extensions.receipt import site_receipt
from newsbot.wordpress.receipt import SiteFacts

ROOT = Path(__file__).parents[2]
# A job that a shell starts in the background begins with SIGINT ignored.
PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[1:] = {words}
from newsbot import early_stop
early_stop.install(data="data", json_log="0")
print("ready", flush=True)
time.sleep(60)
"""


def stopped(folder: Path, number: signal.Signals, *words: str) -> subprocess.CompletedProcess[str]:
    """The end of a process with this command line that a signal stops."""
    line = [sys.executable, "-S", "-c", PROGRAM.format(words=list(words))]
    running = subprocess.Popen(
        line, cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    running.send_signal(number)
    said = running.communicate()
    return subprocess.CompletedProcess(line, running.returncode, *said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_during_imports_leaves_a_receipt_and_one_line(tmp_path: Path, number: signal.Signals) -> None:
    words = ["crawl", "-o", "x.jsonl", "wp_posts", "-a", "site=a.example,b.example", "-s", "NEWSBOT_DATA=kept"]
    done = stopped(tmp_path, number, *words, "-s", "LOG_FILE=logs/job.log")
    (path,) = (tmp_path / "kept" / "receipts").glob("*.json")
    receipt = json.loads(path.read_text())
    assert (done.returncode, receipt["run"], receipt["reason"]) == (1, path.stem, "shutdown")
    assert (receipt["spider"], receipt["complete"]) == ("wp_posts", False)
    assert [(site["asked"], site["verdict"]) for site in receipt["sites"]] == [
        ("a.example", "incomplete"), ("b.example", "incomplete"),
    ]  # fmt: skip
    line = f"The crawl is stopped before its first request by {number.name}; receipt: {path.relative_to(tmp_path)}"
    assert line in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "logs" / "job.log").read_text().rstrip().endswith(f"[newsbot] ERROR: {line}")


def test_signal_during_imports_ends_other_commands_without_a_receipt(tmp_path: Path) -> None:
    assert stopped(tmp_path, signal.SIGTERM, "list").returncode == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_receipt_has_the_keys_of_any_other_receipt() -> None:
    assert early_stop.site("a.example").keys() == site_receipt(SiteFacts(asked="a.example")).keys()


def test_ctrl_c_in_another_command_gives_one_line(tmp_path: Path) -> None:
    done = stopped(tmp_path, signal.SIGINT, "export", "all.csv")
    line = "scrapy export: stopped by Ctrl-C; nothing unfinished is kept. The same command begins again\n"
    assert (done.returncode, done.stderr) == (-signal.SIGINT, line)


AMONG_IMPORTS = """
import importlib.abc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["/x/newsbot", *{words}]
from newsbot.entry_point import main
main()
"""


@pytest.mark.parametrize("words", [["crawl", "wp_posts"], ["export", "x.csv"], ["fetch", "http://127.0.0.1"], []])
@pytest.mark.parametrize("module", ["newsbot.console", "newsbot.settings", "newsbot.early_stop"])
def test_ctrl_c_during_imports_of_the_command_newsbot_gives_one_line(
    tmp_path: Path, module: str, words: list[str]
) -> None:
    line = [sys.executable, "-c", AMONG_IMPORTS.format(module=module, words=words)]
    done = subprocess.run(line, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    expected = f"{' '.join(['newsbot', *words[:1]])}: {interrupted.LINE}\n"
    assert (done.returncode, done.stderr, done.stdout) == (-signal.SIGINT, expected, "")
    assert list(tmp_path.iterdir()) == []
