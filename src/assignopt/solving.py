"""The one door: a Problem in, an audited Plan out."""

from __future__ import annotations

import math
import time
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, get_args

from .progress import Bar, Snapshot

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from .plan import Plan
    from .problem import Problem

EngineChoice = Literal["auto", "flow", "cpsat", "greedy"]


def solve(
    problem: Problem,
    *,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    engine: EngineChoice = "auto",
    hint: Any = None,
    deterministic: bool = False,
    on_progress: Callable[[Snapshot], None] | None = None,
    stop: threading.Event | None = None,
    progress: bool = False,
) -> Plan:
    """Solve a problem, tier after tier, and audit the plan.

    Each tier is optimised under the rules and what the tiers before came to (less their slack).
    The engine is the cheapest that is exact for the structure: min-cost flow where efforts are
    equal per rep and rules are bounds on counts, CP-SAT elsewhere; ``plan.terms`` tells which
    engine settled each tier, ``arithmetic`` standing for a value that meets a bound no engine is
    needed for.

    Parameters
    ----------
    problem
        What to solve.
    time_limit
        Seconds for everything: building, solving and auditing. Tiers share what is left equally.
    seed
        Seed of the search.
    workers
        Threads of the search; None = one for each core, and at least four.
    engine
        ``auto``, or an engine by name: ``flow``, ``cpsat``, ``greedy`` (which proves nothing but
        what arithmetic shows).
    hint
        A plan, frame, mapping or rows to start from; it may be partial or break rules: what the
        rules allow of it is kept and completed. A hint that keeps every rule is never made worse.
    deterministic
        The same input and seed give the same plan, byte for byte: one worker, and limits in
        deterministic time (half of ``time_limit`` for all tiers together). Only if the clock runs
        out first can plans differ; give a generous limit.
    on_progress
        Called with a :class:`Snapshot` whenever the value or the bound of a tier gets better.
    stop
        Set it to stop; the best plan so far is returned, as with Ctrl-C.
    progress
        Draw a bar on the terminal.

    Returns
    -------
    Plan
        With status OPTIMAL, FEASIBLE, INFEASIBLE or UNKNOWN.

    Raises
    ------
    ValueError
        When an option is out of range, or the engine asked for cannot model the problem.
    pydantic.ValidationError
        When efforts add up to more than integers of 64 bits can hold.
    EngineError
        When an engine broke a rule or contradicted itself; nothing is returned then.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem(
    ...     [ao.Rep("ana", capacity=5), ao.Rep("bo", capacity=5)],
    ...     [ao.Task("t1", effort=3), ao.Task("t2", effort=3), ao.Task("t3", effort=4)],
    ... )
    >>> plan = ao.solve(problem)
    >>> plan.status, len(plan.assignments), plan.unassigned["reason"].tolist()
    (<Status.OPTIMAL: 'OPTIMAL'>, 2, ['no_capacity'])
    """
    started = time.perf_counter()
    check_options(time_limit, seed, workers, engine)
    from .session import Options, Session

    bar = Bar(time_limit) if progress else None

    def tell(snapshot: Snapshot) -> None:
        if on_progress is not None:
            on_progress(snapshot)
        if bar is not None:
            bar(snapshot)

    listener = tell if on_progress is not None or bar is not None else None
    seed, workers = int(seed), None if workers is None else int(workers)
    options = Options(time_limit, seed, workers, engine, hint, deterministic, listener, stop)
    try:
        return Session(problem, options, started).solve()
    finally:
        if bar is not None:
            bar.close()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object, least: int) -> bool:
    """Whether something is a whole number, Python's or numpy's, and no less than the least."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def check_options(time_limit: float, seed: int, workers: int | None, engine: str = "auto") -> None:
    """Raise one ValueError that lists every option out of range."""
    faults = []
    if not _is_number(time_limit) or not math.isfinite(time_limit) or time_limit < 0:
        faults.append(f"time_limit {time_limit!r}: a finite number of seconds, 0 or more")
    if workers is not None and not is_whole(workers, 1):
        faults.append(f"workers {workers!r}: 1 or more, or None for one for each core")
    if not is_whole(seed, 0):
        faults.append(f"seed {seed!r}: a whole number, 0 or more")
    if engine not in get_args(EngineChoice):
        faults.append(f"engine {engine!r}: one of {', '.join(get_args(EngineChoice))}")
    if faults:
        raise ValueError("options out of range; allowed is " + "; ".join(faults))
