"""Two plans in, a Diff out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..report.loads import check_options
from ..wording import counted
from .loads import by_person_frame, loads_frame
from .matching import match
from .measuring import measures_frame, terms_frame
from .moving import moves_frame
from .problems import differences
from .reading import read_sides
from .results import Diff

if TYPE_CHECKING:
    from ..check import Audit
    from ..objectives import Quantity
    from ..plan import Plan
    from ..report.measuring import Per


def diff(
    before: Plan | Audit, after: Plan | Audit, *, of: Quantity = "load", per: Per = "weight"
) -> Diff:
    """Tell what changes from one plan to another, for whom, and why as far as it can be shown.

    Always after minus before. Each plan is measured in its own problem, and the problems may
    differ: :attr:`Diff.notes` says in what. Reps and tasks are matched by id, seats by task and
    role.

    Parameters
    ----------
    before, after
        Plans, or audits of assignments of any origin, rules broken or not.
    of, per
        Which quantity :attr:`Diff.measures` is about, as in :func:`assignopt.load_report`.

    Returns
    -------
    Diff
        ``.moves``, ``.loads``, ``.terms``, ``.measures``, ``.by_person``, ``.notes``.

    Raises
    ------
    pydantic.ValidationError
        When one is neither a Plan nor an Audit, or their efforts are in different units.
    NoSolutionError
        When a plan has no solution.
    ValueError
        When ``of`` or ``per`` is unknown.

    Notes
    -----
    The tiers are those of the problem after. ``Moves`` counts, on either side, the tasks that leave
    the present owner named in that side's own problem; a row of :attr:`Diff.moves` is a change
    from ``before`` to ``after``, whoever the problems name.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("acme", effort=3), ao.Task("zed", effort=2)]
    >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks)
    >>> before = ao.audit(problem, {"acme": "ana", "zed": "ana"})
    >>> after = ao.audit(problem, {"acme": "ana", "zed": "bo"})
    >>> found = ao.diff(before, after)
    >>> found.moves[["task_id", "from_rep", "to_rep"]].values.tolist()
    [['zed', 'ana', 'bo']]
    >>> found.by_person["sentence"].tolist()
    ['for ana: -1 task, 2 hours less', 'for bo: +1 task, 2 hours more']
    """
    check_options(of, per)
    sides = read_sides({"before": before, "after": after}, "diff")
    old, new = sides["before"], sides["after"]
    matched = match(old.held, new.held)
    notes = [
        f"{counted(side.unread, 'assignment')} of {name} cannot be understood and left out"
        for name, side in sides.items()
        if side.unread
    ]
    loads = loads_frame(old, new, matched.common)
    unit = new.problem.effort_unit
    return Diff(
        moves=moves_frame(old, new, matched),
        loads=loads,
        terms=terms_frame(old, new, new.problem.objective),
        measures=measures_frame(old, new, of, per),
        by_person=by_person_frame(matched, loads, unit),
        notes=(*differences(old.problem, new.problem, matched.common), *notes),
        of=of,
        per=per,
        effort_unit=unit,
        kept=len(matched.kept),
    )
