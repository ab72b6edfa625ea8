"""startup: what ``import assignopt`` costs beyond importing pandas and pydantic."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

from ..measure import ROOT
from ..runner import OURS, Column, Options, Report, Suite, Target

RATIO = 1.15
BASE = "pandas + pydantic"
IMPORTS = {
    BASE: "pandas, pydantic",
    "the same, a model class ready": "pandas, pydantic, pydantic.main, pydantic.types",
    OURS: "assignopt",
}
"""``import pydantic`` alone loads little of pydantic; the second line is what any model needs."""

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
    seconds: dict[str, list[float]] = {method: [] for method in IMPORTS}
    loaded = False
    for turn in range(turns + 1):
        for method, names in IMPORTS.items():
            took, with_ortools = once(names)
            loaded |= with_ortools
            if turn:  # the first one warms the disk
                seconds[method].append(took)
                report.rows.append({"method": method, "turn": turn, "seconds": took})
    report.check(not loaded, "import assignopt imports OR-Tools")
    typical = {method: median(all_) for method, all_ in seconds.items()}
    told = ", ".join(f"{method} {took:.3f}" for method, took in typical.items())
    report.notes.append(f"medians in seconds: {told}")
    ratio = typical[OURS] / typical[BASE]
    report.targets.append(Target(f"median import time over {BASE}'s", ratio, RATIO))
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
