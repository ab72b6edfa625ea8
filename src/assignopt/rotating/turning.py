"""The door to rotations: a Problem and periods in, a checked :class:`Rotation` out."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines.running import Run
from ..errors import EngineError
from ..objectives import Fairness
from ..plan import TERMS, Status, frame_of
from ..solving import check_options
from .asking import read_options
from .check import rotation_faults, tier_numbers
from .conflicts import why_none
from .facts import Facts
from .layouts import frame
from .results import Rotation
from .searching import Search

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping

    from ..engines.rosters import Numbers
    from ..problem import Problem
    from .searching import Settled
    from .tallies import Term
    from .wants import Asked, Label, Squad

RESERVE = 0.05
"""Share of the time that is kept for checking."""


def rotate(
    problem: Problem,
    periods: int | Iterable[Label],
    *,
    seats: int | Mapping[str, int] = 1,
    at_once: int | None = 1,
    min_tenure: int = 1,
    max_tenure: int | None = None,
    cooldown: int = 0,
    cover_all: bool = False,
    least: int | Mapping[Any, int] | None = None,
    most: int | Mapping[Any, int] | None = None,
    max_handovers: int | None = None,
    absent: Mapping[str, Iterable[Label]] | None = None,
    held_since: int | Mapping[str, int] | None = None,
    learning: int = 0,
    learning_value: float = 0.5,
    proportional: bool = False,
    squads: Iterable[Squad | Mapping[str, Any]] = (),
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    deterministic: bool = False,
    stop: threading.Event | None = None,
) -> Rotation:
    """Rotate the tasks of a problem among its reps, period by period, and check the result.

    The tasks are roles, territories or books. With ``x[r, j, p]`` = 1 where rep ``r`` holds task
    ``j`` in period ``p``, at most ``seats[j]`` reps hold ``j`` in each period, and exactly as many
    where a :class:`~assignopt.CoverAll` selects it; every rep keeps its ``capacity``, ``max_tasks``
    and the rules in each period, and holds at most ``at_once`` tasks. Only pairs that the problem
    allows are used.

    The objective is that of the problem, over all periods: :class:`~assignopt.Coverage` adds up the
    priorities of the seats held, :class:`~assignopt.Value`, :class:`~assignopt.Fit` and
    :class:`~assignopt.Preference` add up over pairs and periods, :class:`~assignopt.Fairness`
    measures what each rep comes to in all (``carried_load`` counts in each period, history once),
    :class:`~assignopt.Moves` counts handovers. A *handover* is a rep giving up a task in a period
    in which it could keep it: it is not absent, and may hold it. The owner of a task holds it just
    before the first period.

    Parameters
    ----------
    problem
        Reps, tasks, rules, objective. Rules hold in each period: ``Pin`` in every one, ``MinTasks``
        and ``MinLoad`` whenever the rep is there.
    periods
        How many, which are then called 1, 2, ...; or their labels: text, whole numbers or dates.
    seats
        How many reps hold a task at once; task -> number leaves 1 for the others.
    at_once
        Most tasks of a rep in a period; None: as capacity and ``max_tasks`` allow.
    min_tenure, max_tenure
        Least and most periods of a *stint*, in which a rep holds a task without a break. A stint
        may be shorter where the last period, or the rep's absence in the next, cuts it off.
    cooldown
        Least number of periods between two stints of a rep with the same task.
    cover_all
        Every rep holds every task that it may hold at least once.
    least, most
        In how many periods a rep holds a task: a number for every pair, or a mapping from tasks,
        or from (rep, task), to numbers; of the two the latter counts.
    max_handovers
        Most handovers in a period, those from the present owners included.
    absent
        Rep -> the periods in which it is not there.
    held_since
        Task -> for how many periods its owner has held it; 1 for the others.
    learning, learning_value
        In the first so many periods with a task it has not held before, a rep earns this share of
        the value.
    proportional
        Of what all periods and seats are worth to a rep, it has one part of as many as there are
        active reps: ``n * sum_{j, p} v[r, j] x[r, j, p] >= T * sum_j seats[j] v[r, j]``,
        ``learning`` left aside. With ``at_once=None``, one seat for each task, no other limits and
        ``T`` a multiple of ``n`` there always is such a rotation.
    squads
        Sets of people freed from all tasks for some periods; see :class:`Squad`.
    time_limit
        Seconds for everything.
    seed, workers
        Of the searches, as in :func:`assignopt.solve`.
    deterministic
        The same input and seed give the same rotation: one worker, limits in deterministic time.
    stop
        Set it to stop; the best rotation so far is returned, as with Ctrl-C.

    Returns
    -------
    Rotation
        With ``schedule``, ``counts``, ``terms``, ``handovers``, ``squads``, ``status``, ``plot()``.

    Raises
    ------
    ValueError
        (a ``pydantic.ValidationError``) with every fault of the options, and everything in the
        problem that means nothing in a rotation, each with its place.
    EngineError
        When an engine broke a rule or contradicted itself; nothing is returned then.

    Notes
    -----
    How often a rep holds a task does not depend on the order of the periods. Where nothing speaks
    of order, the best counts are found by a min-cost flow, or by a search over counts alone, and
    dealt out to the periods by colouring the edges of a bipartite multigraph; the number of periods
    hardly matters. Where tenure, cooldown, absence, handovers or squads do, the optimum over counts
    is a bound on every tier, and a search over periods starts from it.

    References
    ----------
    Igarashi, A., Lackner, M., Nardi, O. and Novaro, A. (2024), "Repeated fair allocation of
    indivisible items", AAAI-24, for ``proportional``; König, D. (1916), Math. Annalen 77, for the
    periods.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = [ao.Rep(name) for name in ("ana", "bo", "cy")]
    >>> desks = [ao.Task("leads"), ao.Task("renewals", value=2), ao.Task("support")]
    >>> rotation = ao.rotate(ao.Problem(team, desks), 3, max_tenure=1, cover_all=True)
    >>> rotation.status, rotation.counts["count"].unique().tolist(), len(rotation.schedule)
    (<Status.OPTIMAL: 'OPTIMAL'>, [1], 9)
    """
    started = time.perf_counter()
    check_options(time_limit, seed, workers)
    given = {
        "seats": seats,
        "at_once": at_once,
        "min_tenure": min_tenure,
        "max_tenure": max_tenure,
        "cooldown": cooldown,
        "cover_all": cover_all,
        "least": least,
        "most": most,
        "max_handovers": max_handovers,
        "absent": absent,
        "held_since": held_since,
        "learning": learning,
        "learning_value": learning_value,
        "proportional": proportional,
        "squads": squads,
    }
    asked = read_options(problem, periods, given)
    effort = 0.25 * time_limit / (1 + len(problem.objective)) if deterministic else None
    deadline = started + (1 - RESERVE) * time_limit
    run = Run(deadline, 1 if deterministic else workers, seed, effort, stop)
    search = Search(frame(problem, asked), run)
    search.go()
    return _wrap(problem, asked, search, seed, started)


def _wrap(problem: Problem, asked: Asked, search: Search, seed: int, started: float) -> Rotation:
    """Check what was found, and make the result."""
    facts = _facts(problem, asked, search)
    why, conflict = why_none(problem, asked, search.run) if search.infeasible else (None, ())
    rows = [_row(facts, one, search) for one in search.settled] if facts is not None else []
    status = Status.INFEASIBLE if search.infeasible else Status.UNKNOWN
    if facts is not None:
        proved = len(rows) == len(search.terms) and all(row[4] for row in rows)
        status = Status.OPTIMAL if proved else Status.FEASIBLE
    for term in search.terms[len(rows) :]:
        value = math.nan if facts is None else tier_numbers(facts, term.tier)[0]
        rows.append((term.tier.label, value, math.nan, math.nan, False, "", 0))
    return Rotation(
        problem=problem,
        status=status,
        terms=frame_of(rows, TERMS),
        runtime=time.perf_counter() - started,
        seed=seed,
        infeasibility=why,
        conflict=conflict,
        asked=asked,
        facts=facts,
    )


def _facts(problem: Problem, asked: Asked, search: Search) -> Facts | None:
    """Read turns as facts that have passed the checker; None where there are none.

    Raises
    ------
    EngineError
        When something is wrong with them.
    """
    if search.infeasible or search.turns is None or search.turns.grid is None:
        return None
    layout = search.layout
    turns = [
        (int(period), int(layout.rep[k]), int(layout.task[k]))
        for k, period in np.argwhere(search.turns.grid)
    ]
    facts = Facts.of(problem, asked, turns, search.turns.squads)
    faults = rotation_faults(facts)
    if faults:
        raise EngineError(f"a rotation is not as asked: {'; '.join(faults[:10])}")
    return facts


def _row(
    facts: Facts, one: Settled, search: Search
) -> tuple[str, float, float, float, bool, str, int]:
    """Tell a tier: its value by definition, and the bound.

    Raises
    ------
    EngineError
        When the definition and the integers disagree.
    """
    term = one.term
    defined = tier_numbers(facts, term.tier)
    _compare(term, search.numbers_of(term), defined)
    value = defined[0]
    proved = one.proved and term.is_exact_at(value)
    if not one.bound:
        return (term.tier.label, value, math.nan, math.nan, False, one.engine, 0)
    bound = term.value_of(one.bound) + (term.error if term.sign > 0 else -term.error)
    if proved and (one.numbers[0] == search.numbers_of(term)[0] or not term.tier.is_loose):
        bound = value
    gap = abs(bound - value) / max(abs(value), abs(bound), 1e-9) if bound != value else 0.0
    return (term.tier.label, value, bound, gap, proved, one.engine, one.depth)


def _compare(term: Term, numbers: Numbers, defined: tuple[float, ...]) -> None:
    several = isinstance(term.tier, Fairness) and term.tier.notion in ("leximax", "leximin")
    for place, number in enumerate(defined if several else defined[:1]):
        compiled = term.value_of(numbers[place:])
        if abs(compiled - number) > term.error + 1e-6 * max(1.0, abs(number)):
            raise EngineError(
                f"{term.tier.label} is {number:g} by its definition and {compiled:g} as compiled"
            )
