"""What a suite is, and how its result is printed or kept as JSON.

Rows flow out of a suite; a table with mean and worst, the targets, the machine and the versions
flow to the terminal or a file.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Row = dict[str, Any]
OURS = "assignopt"
PACKAGES = ("assignopt", "ortools", "numpy", "pandas", "pydantic", "scipy")


@dataclass(frozen=True)
class Column:
    """A column of a suite's table.

    Parameters
    ----------
    name
        Key of the rows.
    worst
        Which end is worse; None = not summarised.
    form
        Format of a number.
    """

    name: str
    worst: Literal["max", "min"] | None = None
    form: str = ",.6g"


@dataclass(frozen=True)
class Options:
    """What the caller asked for; see ``python -m benchmarks run --help``."""

    time_limit: float | None = None
    peers: bool = False
    sizes: tuple[str, ...] = ()
    verbose: bool = False


@dataclass(frozen=True)
class Target:
    """A figure, and what the project wants of it: at most (or at least) a limit."""

    name: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        said = "met" if self.met else "MISSED"
        return f"{said}: {self.name} {self.value:,.4g}, wanted {word} {self.limit:,.4g}"


@dataclass
class Report:
    """What a run of a suite found; a fault is a wrong result, never a slow one."""

    rows: list[Row] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(otherwise)


@dataclass(frozen=True)
class Suite:
    """A benchmark.

    Parameters
    ----------
    name
        What ``run`` takes.
    instances
        Where they come from.
    measures
        What is measured.
    published
        What others published, or what is wanted.
    peers
        The alternatives that ``--peers`` runs side by side.
    columns
        Of the table; ``method`` tells who.
    time_limit
        Default seconds for each instance.
    sizes
        Default of ``--size``; what a size is stands in ``size_help``.
    run
        The work.
    brief
        Print the rows only when ``--verbose`` is given; the summary is always printed.
    """

    name: str
    instances: str
    measures: str
    published: str
    peers: tuple[str, ...]
    columns: tuple[Column, ...]
    time_limit: float
    sizes: tuple[str, ...]
    size_help: str
    run: Callable[[Options], Report]
    brief: bool = False

    def limit_of(self, options: Options) -> float:
        return self.time_limit if options.time_limit is None else options.time_limit


def machine() -> dict[str, Any]:
    """Tell what the figures were measured on."""
    pages = "SC_PHYS_PAGES" in os.sysconf_names
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30 if pages else None
    return {
        "cores": os.cpu_count(),
        "memory_gb": total and round(total, 1),
        "platform": platform.platform(),
        "processor": platform.machine(),
    }


def versions() -> dict[str, str]:
    """Tell the versions of everything that took part."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def summarise(columns: Sequence[Column], rows: Sequence[Row]) -> list[Row]:
    """Give mean and worst of every summarised column, a row for each method."""
    out: list[Row] = []
    for method in dict.fromkeys(row.get("method", OURS) for row in rows):
        mine = [row for row in rows if row.get("method", OURS) == method]
        told: Row = {"method": method, "rows": len(mine)}
        for column in columns:
            values = [row[column.name] for row in mine if row.get(column.name) is not None]
            if column.worst and values:
                told[f"{column.name} mean"] = sum(values) / len(values)
                worst = max if column.worst == "max" else min
                told[f"{column.name} worst"] = worst(values)
        out.append(told)
    return out


def table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Lay rows out, numbers to the right."""
    shown = [c for c in columns if any(row.get(c.name) is not None for row in rows)]
    cells = [[_cell(row.get(c.name), c.form) for c in shown] for row in rows]
    numeric = [not any(isinstance(row.get(c.name), str | bool) for row in rows) for c in shown]
    width = [max(len(c.name), *(len(line[i]) for line in cells)) for i, c in enumerate(shown)]
    lines = [[c.name for c in shown], ["-" * w for w in width], *cells]
    return "\n".join(
        "  ".join(
            text.rjust(w) if right else text.ljust(w)
            for text, w, right in zip(line, width, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: Any, form: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, form) if isinstance(value, int | float) else str(value)


def text_of(suite: Suite, options: Options, report: Report) -> str:
    """Print a report."""
    parts = [describe(suite)]
    if report.rows and (options.verbose or not suite.brief):
        parts.append(table(suite.columns, report.rows))
    summary = summarise(suite.columns, report.rows)
    both = [
        Column(f"{column.name} {of}", form=column.form)
        for column in suite.columns
        if column.worst
        for of in ("mean", "worst")
    ]
    if report.rows:
        parts.append(table((Column("method"), Column("rows"), *both), summary))
    else:
        parts.append("nothing was run")
    for title, lines in (
        ("targets", [str(target) for target in report.targets]),
        ("notes", report.notes),
        ("WRONG RESULTS", report.faults),
    ):
        if lines:
            parts.append("\n".join([f"{title}:", *(f"  {line}" for line in lines)]))
    facts = [f"{key} {value}" for key, value in (machine() | versions()).items()]
    parts.append(f"machine and versions: {', '.join(facts)}")
    return "\n\n".join(parts)


def describe(suite: Suite) -> str:
    """Say what a suite is."""
    told = {
        "instances": suite.instances,
        "measures": suite.measures,
        "published": suite.published,
        "peers": ", ".join(suite.peers) or "none",
        "--size": f"{suite.size_help}; default {' '.join(suite.sizes) or 'all'}",
        "--time-limit": f"default {suite.time_limit:g} s",
    }
    return "\n".join([suite.name, *(f"  {key + ':':14}{words}" for key, words in told.items())])


def write_json(path: Path, suite: Suite, options: Options, report: Report) -> None:
    """Keep a report, nothing left out."""
    data = {
        "suite": suite.name,
        "instances": suite.instances,
        "measures": suite.measures,
        "published": suite.published,
        "options": asdict(options) | {"time_limit": suite.limit_of(options)},
        "rows": report.rows,
        "summary": summarise(suite.columns, report.rows),
        "targets": [asdict(target) | {"met": target.met} for target in report.targets],
        "notes": report.notes,
        "faults": report.faults,
        "machine": machine(),
        "versions": versions(),
    }
    path.write_text(json.dumps(data, indent=1) + "\n")
