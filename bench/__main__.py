"""``python -m bench``: runs every measurement, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = ("start", "crawl", "clean", "archive", "updates", "small_sites", "politeness", "latency", "memory", "schedule")

for name in NAMES:
    if Path(__file__).with_name(f"{name}.py").exists():
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)
