"""``python -m tests.mutations``: put in each fault of the list and see whether the tests notice it.

Prints a line for each fault. The exit status is 1 where a fault survives, or where its tests cannot be run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.mutations.faults import Fault, load_faults
from tests.mutations.trial import Copy, Result, Verdict


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    faults = [one for one in load_faults() if _is_chosen(one, options.module, options.number)]
    if not faults:
        sys.exit("no fault of the list is chosen")
    if options.list:
        for fault in faults:
            print(f"{fault.number:4}  {fault.file}: {fault.what}")
        return 0
    with tempfile.TemporaryDirectory(prefix="newsbot-mutations-") as folder:
        return _try_all(faults, Path(folder), jobs=options.jobs, timeout=options.timeout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--module", action="append", default=[], help="only faults whose file's path contains this")
    parser.add_argument("--number", action="append", default=[], type=_numbers, help="only these faults: 7 or 20-31")
    parser.add_argument("--jobs", type=int, default=1, help="trials at once")
    parser.add_argument("--timeout", type=float, default=600, help="seconds after which a trial counts as killed")
    parser.add_argument("--list", action="store_true", help="list the chosen faults and try none")
    return parser


def _numbers(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _is_chosen(fault: Fault, modules: list[str], numbers: list[range]) -> bool:
    by_module = not modules or any(module in fault.file for module in modules)
    return by_module and (not numbers or any(fault.number in span for span in numbers))


def _try_all(faults: list[Fault], folder: Path, *, jobs: int, timeout: float) -> int:
    copies: SimpleQueue[Copy] = SimpleQueue()
    for number in range(jobs):
        copies.put(Copy(folder / str(number), timeout=timeout))

    @contextmanager
    def borrowed() -> Iterator[Copy]:
        copy = copies.get()
        try:
            yield copy
        finally:
            copies.put(copy)

    with borrowed() as copy:
        # A test that fails without any fault would kill every fault.
        sound = copy.run(sorted({test for fault in faults for test in fault.tests}))
    if sound.result is not Result.SURVIVED:
        print(sound.output)
        print("the tests fail without a fault: nothing was tried")
        return 1
    print(f"the tests of {len(faults)} faults pass without a fault ({sound.seconds:.0f} s)", flush=True)

    def attempt(fault: Fault) -> Verdict:
        with borrowed() as copy:
            return copy.try_fault(fault)

    results: Counter[Result] = Counter()
    with ThreadPoolExecutor(jobs) as pool:
        trials = {pool.submit(attempt, fault): fault for fault in faults}
        for trial in as_completed(trials):
            fault, verdict = trials[trial], trial.result()
            results[verdict.result] += 1
            line = f"{verdict.result:8}  {fault.number:4}  {verdict.seconds:6.1f} s  {fault.file}: {fault.what}"
            print(line, flush=True)
            if verdict.result is Result.BROKEN:
                print(verdict.output)
    print(", ".join(f"{results[result]} {result.lower()}" for result in Result))
    return 0 if results[Result.KILLED] == len(faults) else 1


if __name__ == "__main__":
    sys.exit(main())
