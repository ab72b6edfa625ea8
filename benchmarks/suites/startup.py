"""startup: what ``import assignopt`` costs beyond importing pandas and pydantic."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

from ..measure import ROOT
from ..runner import OURS, Column, Options, Report, Suite, Target

RATIO = 1.15
BASE = "pandas, pydantic"
CODE = """
import json, sys, time
begun = time.perf_counter()
import {names}
seconds = time.perf_counter() - begun
print(json.dumps([seconds, "ortools" in sys.modules]))
"""


def once(names: str) -> tuple[float, bool]:
    """Import in a fresh interpreter; give the seconds, and whether OR-Tools came with it."""
    command = [sys.executable, "-c", CODE.format(names=names)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    seconds, loaded = json.loads(told.stdout.splitlines()[-1])
    return seconds, loaded


def run(options: Options) -> Report:
    report = Report()
    turns = int((options.sizes or SUITE.sizes)[0])
    pairs = []
    for turn in range(turns + 1):
        base, (mine, loaded) = once(BASE)[0], once("assignopt")
        report.check(not loaded, "import assignopt imports OR-Tools")
        if turn:  # the first one warms the disk
            pairs.append((base, mine))
            report.rows.append({"method": "pandas + pydantic", "turn": turn, "seconds": base})
            report.rows.append({"method": OURS, "turn": turn, "seconds": mine})
    report.faults = report.faults[:1]
    ratio = median(mine for _, mine in pairs) / median(base for base, _ in pairs)
    report.targets.append(Target("median import time over pandas and pydantic's", ratio, RATIO))
    return report


SUITE = Suite(
    name="startup",
    instances="fresh interpreters, in turns",
    measures="seconds of `import assignopt`, and of `import pandas, pydantic`",
    published="wanted: the median is at most 15 % more",
    peers=(),
    columns=(Column("method"), Column("turn"), Column("seconds", "max", ".3f")),
    time_limit=0.0,
    sizes=("9",),
    size_help="how many turns",
    run=run,
    brief=True,
)
