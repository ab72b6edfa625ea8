"""The command line: ``python -m benchmarks list | run SUITE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .runner import Options, describe, text_of, write_json
from .suites import SUITES

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a suite; 1 when a result was wrong, 0 otherwise, however slow it was."""
    asked = _parser().parse_args(argv)
    if asked.command == "list":
        print("\n\n".join(describe(suite) for suite in SUITES.values()))
        return 0
    suite = SUITES[asked.suite]
    options = Options(asked.time_limit, asked.peers, tuple(asked.size), asked.verbose)
    report = suite.run(options)
    print(text_of(suite, options, report))
    if asked.json is not None:
        write_json(asked.json, suite, options, report)
    return 1 if report.faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="tell what the suites are")
    run = commands.add_parser("run", help="run a suite")
    run.add_argument("suite", choices=sorted(SUITES))
    run.add_argument("--time-limit", type=float, metavar="S", help="seconds for each instance")
    run.add_argument("--peers", action="store_true", help="run the alternatives side by side")
    run.add_argument("--json", type=Path, metavar="FILE", help="keep rows and facts in a file")
    run.add_argument("--size", nargs="+", default=[], help="what to run; see list")
    run.add_argument("--verbose", action="store_true", help="print every row")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
