"""Who could ever take a task that arrives: rules, skills and fit in, a pair for each such rep out.

Tasks that ask for the same share one look-up, so that a stream of a few kinds of tasks costs next
to nothing. What depends on the moment (room, calendars, caps) is looked at in
:mod:`assignopt.dispatching.guards`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plan import Reason
from ..policies.state import Pairs
from ..rules import Allow, Forbid, MinFit
from ..selectors import answer, selects

if TYPE_CHECKING:
    from ..columns import Bools
    from ..problem import Problem
    from ..records import Rep, Role, Task

KEPT = 20_000
"""How many kinds of tasks are remembered."""

EFFORTS = 100
"""For how many different efforts of one kind the cost for each rep is remembered."""


class Seats:
    """The reps by what they may hold.

    Parameters
    ----------
    problem
        The rules, and the pairs table where there is one.
    reps
        The team; to be told with :meth:`renew` when it changes.
    copies
        Task id -> the task of the problem whose rows of the pairs table hold for it.
    """

    def __init__(
        self,
        problem: Problem,
        reps: Mapping[str, Rep],
        copies: Mapping[str, str] | None = None,
    ) -> None:
        self._problem = problem
        self._rules = [rule for rule in problem.rules if isinstance(rule, Allow | Forbid)]
        self._least_fit = max(
            (rule.value for rule in problem.rules if isinstance(rule, MinFit)), default=None
        )
        self._keys, self._named = _asked_for([rule.task for rule in self._rules])
        self._listed = _Listed(problem, copies or {}) if problem.pair_columns is not None else None
        self.renew(reps)

    def renew(self, reps: Mapping[str, Rep]) -> None:
        """Look at the team anew."""
        self._ids = np.array(list(reps), object)
        self._row = {name: row for row, name in enumerate(reps)}
        self._efficiency = np.array([rep.efficiency for rep in reps.values()], float)
        self._fit_of = {name: rep.fit for name, rep in reps.items()}
        self._level: dict[str, np.ndarray[Any, Any]] = {}
        for row, rep in enumerate(reps.values()):
            for skill, level in rep.skills.items():
                if skill not in self._level:
                    self._level[skill] = np.full(len(self._ids), -np.inf)
                self._level[skill][row] = level
        self._who = [
            np.array([selects(rule.rep, rep) for rep in reps.values()], bool)
            for rule in self._rules
        ]
        self._kinds: dict[Any, _Kind] = {}

    def expect(self, task: Task) -> None:
        """Look up beforehand what tasks like this one share."""
        self._kind(task, task.requires).pairs(task.effort)

    def pairs(
        self, task: Task, role: Role | None = None, given: Mapping[str, Any] | None = None
    ) -> Pairs:
        """Give fit, effort and value of each rep that could ever hold the seat."""
        kind = self._kind(task, task.requires if role is None else role.requires)
        effort = task.effort if role is None else role.effort
        worth = task.value
        if task.roles:
            worth *= credit_of(task, role)
        rows = given
        if rows is None and self._listed is not None:
            rows = self._listed.of(task.id)
        if rows is None:
            return kind.pairs(effort).scaled(worth)
        return self._overridden(task, role, rows, kind)

    def _overridden(
        self, task: Task, role: Role | None, rows: Mapping[str, Any], kind: _Kind
    ) -> Pairs:
        """Put what rows of the pairs table say in the place of what is so by default."""
        credit = credit_of(task, role)
        effort = task.effort if role is None else role.effort
        least = -np.inf if self._least_fit is None else self._least_fit
        fits: dict[str, float] = {}
        efforts: dict[str, float] = {}
        values: dict[str, float] = {}
        for name, usual in kind.able.items():
            row = rows.get(name)
            if row is None:
                continue
            own_fit, own_effort, own_value = row
            fit = usual if own_fit is None else own_fit
            if fit < least:
                continue
            fits[name] = fit
            usual_effort = effort / kind.efficiency[name]
            efforts[name] = usual_effort if role is not None or own_effort is None else own_effort
            values[name] = (task.value * fit if own_value is None else own_value) * credit
        return Pairs(fits, efforts, values, 1.0, map(self._row.__getitem__, fits))

    def _kind(self, task: Task, requires: Mapping[str, float]) -> _Kind:
        key: Any = (task.customer_type, tuple(requires.items()))
        if self._rules:
            key += tuple(answer(task, name) for name in self._keys)
            key += (task.id if task.id in self._named else None,)
        found = self._kinds.get(key)
        if found is None:
            if len(self._kinds) >= KEPT:
                self._kinds.clear()
            found = self._kinds[key] = self._look_up(task, requires)
        return found

    def _look_up(self, task: Task, requires: Mapping[str, float]) -> _Kind:
        who = self._by_rule(task, self._by_skill(requires, np.ones(len(self._ids), bool)))
        kind, least = task.customer_type, self._least_fit
        names = self._ids[who].tolist()
        fits = {name: fit_for(self._fit_of[name], kind) for name in names}
        efficiency = dict(zip(names, self._efficiency[who].tolist(), strict=True))
        fit = {name: one for name, one in fits.items() if least is None or one >= least}
        return _Kind(fits, fit, efficiency, [self._row[name] for name in fit])

    def _by_skill(self, requires: Mapping[str, float], who: Bools) -> Bools:
        for skill, least in requires.items():
            if least > 0:
                level = self._level.get(skill)
                who = who & (level >= least) if level is not None else np.zeros(len(who), bool)
        return who

    def _by_rule(self, task: Task, who: Bools) -> Bools:
        for rule, named in zip(self._rules, self._who, strict=True):
            if selects(rule.task, task):
                who = who & (named if isinstance(rule, Allow) else ~named)
        return who

    def why_nobody(self, task: Task, role: Role | None = None) -> tuple[Reason, str]:
        """Say why no rep could ever hold a seat: the first condition that leaves nobody."""
        requires = task.requires if role is None else role.requires
        who = np.ones(len(self._ids), bool)
        if not who.any():
            return Reason.NO_REP, "there are no reps"
        who = self._by_skill(requires, who)
        if not who.any():
            wanted = ", ".join(f"{skill} >= {least:g}" for skill, least in requires.items())
            return Reason.NO_SKILL, f"no rep has {wanted}"
        for rule, named in zip(self._rules, self._who, strict=True):
            if selects(rule.task, task):
                who = who & (named if isinstance(rule, Allow) else ~named)
                if not who.any():
                    told = Reason.REGION if isinstance(rule, Allow) else Reason.EXCLUDED
                    return told, f"{rule.sentence} ({rule.id})"
        if self._listed is not None and self._listed.of(task.id) == {}:
            return Reason.NO_FIT, "the pairs table lists no rep for it"
        if self._least_fit is not None:
            return Reason.NO_FIT, f"no rep has a fit of at least {self._least_fit:g}"
        return Reason.NO_FIT, "no pair is given for anybody who could take it"


class _Kind:
    """Who may hold the tasks of one kind, with which fit and at which cost.

    ``able`` has the fit of everybody whom no rule or skill keeps from them, ``fit`` that of those
    who fit well enough, too: a pair may have a fit of its own.
    """

    __slots__ = ("_pairs", "_rows", "able", "efficiency", "fit")

    def __init__(
        self,
        able: dict[str, float],
        fit: dict[str, float],
        efficiency: dict[str, float],
        rows: list[int],
    ) -> None:
        self.able, self.fit, self.efficiency, self._rows = able, fit, efficiency, rows
        self._pairs: dict[float, Pairs] = {}

    def pairs(self, effort: float) -> Pairs:
        """Give the pairs of a task of this effort that is worth 1."""
        found = self._pairs.get(effort)
        if found is None:
            if len(self._pairs) >= EFFORTS:
                self._pairs.clear()
            costs = {name: effort / self.efficiency[name] for name in self.fit}
            found = self._pairs[effort] = Pairs(self.fit, costs, self.fit, 1.0, self._rows)
        return found


class _Listed:
    """The pairs table of a problem, by task."""

    def __init__(self, problem: Problem, copies: Mapping[str, str]) -> None:
        table = problem.pair_columns
        assert table is not None
        self._row = {name: row for row, name in enumerate(problem.task_columns.id)}
        self._row |= {name: self._row[of] for name, of in copies.items() if of in self._row}
        self._names = problem.rep_columns.id
        self._table = table
        self._first = np.searchsorted(table.task, np.arange(len(self._row) + 1))

    def of(self, task_id: str) -> dict[str, tuple[Any, Any, Any]]:
        """Give fit, effort and value of each listed pair of a task; None where not given."""
        row = self._row.get(task_id)
        if row is None:
            return {}
        part = slice(int(self._first[row]), int(self._first[row + 1]))
        names = self._names[self._table.rep[part]].tolist()
        columns = [
            [None] * len(names) if cells is None else cells[part].tolist()
            for cells in (self._table.fit, self._table.effort, self._table.value)
        ]
        return dict(zip(names, zip(*columns, strict=True), strict=True))


def credit_of(task: Task, role: Role | None) -> float:
    """Give the share of a task's value that a seat earns."""
    if role is not None:
        return role.credit or 0.0
    return 1.0 - sum(one.credit or 0.0 for one in task.roles) if task.roles else 1.0


def fit_for(fit: Mapping[str, float], customer_type: str | None) -> float:
    """Give the fit for a customer type: 1 where no fit is stated, 0 for a type left out."""
    if customer_type is None or not fit:
        return 1.0
    return fit.get(customer_type, 0.0)


def _asked_for(selected: list[Any]) -> tuple[tuple[str, ...], frozenset[str]]:
    """List the tags and fields that selectors look at, and the ids they name."""
    keys: dict[str, None] = {}
    ids: set[str] = set()
    for selector in selected:
        named = selector
        if isinstance(selector, Mapping):
            keys |= dict.fromkeys(key for key in selector if key != "id")
            named = selector.get("id", ())
        ids |= {named} if isinstance(named, str) else set(named or ())
    return tuple(keys), frozenset(ids)
