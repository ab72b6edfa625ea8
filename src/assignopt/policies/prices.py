"""Prices: the task to whom it is worth most after what their room is worth to other tasks."""

from __future__ import annotations

from array import array
from itertools import compress, repeat
from math import inf
from operator import mul
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import Faults
from ..plan import Plan
from ..records import OWNER
from ..rules import CoverAll, Pin
from ..selectors import selects
from .duals import project
from .guarding import credit, least_ahead, note, within
from .mixing import keep
from .options import Options
from .policy import Policy
from .pricing import TABLES, learned_prices, plan_prices, snapshot_of
from .state import Scores, picker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..records import Task
    from .policy import Choice
    from .state import State

OFTEN = 20
"""How often prices are found anew in one horizon, unless said otherwise."""

RARELY = 100
"""Arrivals between two such moments, at least."""

KEPT = 10_000
"""How many tasks that were left are remembered, so that they do not count as new."""


class Prices(Policy):
    r"""Give a task to whom it is worth most beyond the price of their room.

    .. math:: r^* = \arg\max_r\; v_{tr} - \lambda_r e_{tr} - \kappa_r
              \qquad\text{if that is above } 0

    with a price :math:`\lambda_r` of a unit of effort where the rep has a capacity (or ``MaxLoad``)
    and a price :math:`\kappa_r` of a task where it has ``max_tasks``; who has no limit has price 0,
    and a team without limits is served greedily by value. Of equals, the one with the fewest tasks
    per weight. A task that is worth less to everybody than their room is left (``dominated``),
    unless it has to be covered.

    *Where prices come from.* At the beginning, and again every so many arrivals, they are the dual
    prices of the assignment of all that is expected until the horizon to the room that is left.
    What is expected is estimated from the forecast (the tasks of the problem, taken to be of the
    time before the stream) and the latest arrivals: the share of each kind of task, with a trend
    where the data speak for one. In between they follow mirror descent: each arrival lowers every
    price by ``eta * rho`` (``rho`` is room left / arrivals left) and the price of who takes it
    rises by ``eta * effort``. That is done when a price is next looked at, so that a decision costs
    no more than the task has candidates.

    *What is known.* The limits, and the horizon: ``Router(horizon=...)``, else the number of tasks
    in the forecast. Without either, as many arrivals are expected as there is room for. Nothing of
    the future is used. Past the horizon room is taken to be free.

    *Reps who become free again.* A price is one of concurrent room. The room expected until the
    horizon is what is free now and what is likely to be given back: limit x the part of what is
    held that was released from one arrival to the next, so far, x arrivals left. Before the first
    release that is nothing, so the first tasks wait for as long as work takes. Who is away now is
    taken to come back. A task that was left and is offered again counts as one arrival; when all
    that was expected has come, it has no price to pay.

    *Guarantees.* With i.i.d. arrivals the loss against the best plan in hindsight is O(sqrt(T)) by
    mirror descent; rules and limits always hold, whatever the prices.

    Parameters
    ----------
    step
        Size of a step of mirror descent: ``eta`` is ``step`` x the mean value per unit of effort /
        sqrt(tasks the rep has room for), that is, of the order of 1 / sqrt(T). 0: prices stay.
    every
        After how many arrivals prices are found anew; ``"auto"``: twenty times in a horizon, not
        more often than every 100 arrivals (and after 25 and 50 where there is no forecast, or work
        has been released); None: never. On the way of a decision that takes some
        ten milliseconds; see :meth:`assignopt.Router.learning` for another way.
    window
        How many of the latest arrivals are kept to learn from.
    prices
        rep id -> price of a unit of effort (of a task, where the rep has ``max_tasks`` alone), to
        begin with; None: from the forecast. Who is not in the team is left aside.
    fairness
        The lambda of a max-min regulariser, in value per arrival: prices may be negative, a bonus
        for those who lag behind their limit, as long as ``sum rho * bonus <= fairness``. A decision
        costs O(reps log reps) then.
    quota
        How many tasks anybody may be ahead of their fair share, see below; None: no guard.
    must_assign
        Whether every task is given to somebody who may take it, however low its value; tasks that a
        ``CoverAll`` rule selects always are.

    Notes
    -----
    *The quota guard.* For each task that is given out, each candidate is due
    ``weight / sum of the candidates' weights``; ahead_r = tasks of r - what r was due. The policy
    chooses among the candidates with ``ahead_r + 1 - due_r <= quota``, if there are any; else, the
    one for whom that is least. So at every moment: *nobody is ahead by more than the quota, unless
    they were given a task for which no candidate could have stayed within it* (or by hand). Where
    everybody may always take everything that never happens for a quota of ``1 - 1 / n`` or more:
    all leads sum to 0, so if nobody were within it, ``n - 1 > n * quota``.

    References
    ----------
    S. Balseiro, H. Lu and V. Mirrokni (2023), "The best of many worlds: dual mirror descent for
    online allocation problems", Operations Research 71(1), 101-119. A. Vera and S. Banerjee (2021),
    "The Bayesian prophet: a low-regret framework for online decision making", Management Science
    67(3). R. Fagin and J. Williams (1983), "A fair carpool scheduling algorithm", IBM J. R&D 27(2).

    Examples
    --------
    One senior, who may take two of the four leads that are expected; two of them are large.

    >>> import assignopt as ao
    >>> team = [ao.Rep("senior", max_tasks=2, fit={"big": 1, "small": 1}),
    ...         ao.Rep("junior", fit={"big": 0.2, "small": 0.8})]
    >>> leads = [ao.Task(f"l{n}", customer_type=kind) for n, kind in
    ...          enumerate(["small", "small", "big", "big"])]
    >>> router = ao.Router(ao.Problem(team, leads), policy=ao.policies.Prices())
    >>> [router.assign(lead).rep_id for lead in leads]
    ['junior', 'junior', 'senior', 'senior']
    """

    source = "Balseiro, Lu and Mirrokni 2023"

    def __init__(
        self,
        *,
        step: float = 0.05,
        every: int | Literal["auto"] | None = "auto",
        window: int = 2000,
        prices: Mapping[str, float] | None = None,
        fairness: float = 0.0,
        quota: float | None = None,
        must_assign: bool = False,
    ) -> None:
        options = Options(self)
        self.auto = every == "auto"
        named = None if self.auto or every is None else options.whole("every", every, least=1)
        self.every = named
        self.step = options.number("step", step)
        self.window = options.whole("window", window, least=1)
        self.prices = None if prices is None else options.amounts("prices", prices, zero=True)
        self.fairness = options.number("fairness", fairness)
        self.quota = None if quota is None else options.number("quota", quota)
        self.must_assign = options.flag("must_assign", must_assign)
        options.done()
        self._least = -inf if self.fairness else 0.0  # the number above which a price counts

    @classmethod
    def from_plan(cls, plan: Plan, **options: Any) -> Prices:
        """Make a policy that begins with the prices of a plan's problem.

        They are the dual prices of its tasks and its limits for the sum of values, whatever the
        plan's own objective was; so yesterday's plan prices the stream of today. They come close to
        the best ones and are not exact. In 3,000 random problems of 4 to 12 tasks a bound from them
        was at most 0.65 % above the optimum. The same tasks, offered again at prices that stay,
        came to 99.5 % of it on average, and to 56 % at worst: where a rep has room for one task, a
        price a hair above its value leaves it.

        Parameters
        ----------
        plan
            A plan; only its problem matters.
        **options
            As for :class:`Prices`.

        Examples
        --------
        >>> import assignopt as ao
        >>> work = [ao.Task("small", value=1), ao.Task("big", value=3)]
        >>> plan = ao.solve(ao.Problem([ao.Rep("ana", max_tasks=1)], work))
        >>> 1 < ao.policies.Prices.from_plan(plan).prices["ana"] < 3
        True
        """
        if not isinstance(plan, Plan):
            faults = Faults("Prices.from_plan")
            message = (
                f"a {type(plan).__name__} is no plan. Give what solve() or rebalance() returned"
            )
            faults.add(("plan",), message, plan)
            faults.raise_if_any()
        return cls(prices=plan_prices(plan.problem), **options)

    def options(self) -> dict[str, Any]:
        """Give the options that are not at their default."""
        every: Any = "auto" if self.auto else self.every
        given = {
            "step": (self.step, 0.05),
            "every": (every, "auto"),
            "window": (self.window, 2000),
            "prices": (None if self.prices is None else "given", None),
            "fairness": (self.fairness, 0.0),
            "quota": (self.quota, None),
            "must_assign": (self.must_assign, False),
        }
        return {name: value for name, (value, default) in given.items() if value != default}

    # -- decisions ---------------------------------------------------------------------------

    def begin(self, state: State) -> None:
        """Find the first prices, from the forecast."""
        rules = state.problem.rules
        state.memory.update(
            window=[[], [], []],  # a column for who may take it, its value, its effort
            who={},
            flow=[0, 0, 0],  # held now, held at each arrival added up, released
            came=0,  # arrivals; what is offered again is none
            new=False,  # whether the last offer was an arrival
            left={},  # tasks that nobody took, which may be offered again
            cover=[at for at, rule in enumerate(rules) if isinstance(rule, CoverAll)],
            pinned={
                rule.task: True for rule in rules if isinstance(rule, Pin) and rule.role == OWNER
            },
        )
        if self.quota is not None:
            state.memory["ahead"] = {}
        self.install(self.learn(self.snapshot(state) | {"given": self.prices}), state)

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        memory, pairs, pool = state.memory, state.pairs, state.candidates
        names, rows, efforts, bases = pairs.columns
        pick = pairs.pick
        if self.quota is not None:
            pool = within(memory["ahead"], pool, state.weight, self.quota) or [
                least_ahead(memory["ahead"], pool, state.weight)
            ]
        if pool is not names:
            among = set(pool)
            some = [name in among for name in names]
            names = tuple(compress(names, some))
            pick = picker(list(compress(rows, some)))
            efforts, bases = (array("d", compress(one, some)) for one in (efforts, bases))
        step, least = memory["came"], self._least
        values: Iterable[float] = map(mul, bases, repeat(pairs.scale))
        if not self._over(task, state):
            for table, taken in ((memory["price"], efforts), (memory["slot"], repeat(1.0))):
                if table:
                    values = [
                        value - price * much if (price := at - step * drop) > least else value
                        for value, at, drop, much in zip(
                            values, pick(table["at"]), pick(table["drop"]), taken, strict=False
                        )
                    ]
        scores = values if type(values) is list else list(values)
        state.scores = Scores(names, scores)
        top = max(scores)
        if top <= 0 and not self._must(task, state):
            return None
        chosen = names[scores.index(top)]
        if scores.count(top) > 1:
            for name in compress(names, [score == top for score in scores]):
                chosen = name if _sooner(name, chosen, state) else chosen
        return chosen

    def _must(self, task: Task, state: State) -> bool:
        memory, rules = state.memory, state.problem.rules
        if self.must_assign or task.id in memory["pinned"]:
            return True
        covers: Any = [rules[at] for at in memory["cover"]]
        return any(selects(rule.where, task) for rule in covers)

    def price(self, task: Task, rep_id: str, state: State) -> float:
        """Give the price of the rep's room that the task takes, in value."""
        if self._over(task, state):
            return 0.0
        price, slot = self.prices_of(rep_id, state)
        return price * state.effort_of(rep_id) + slot

    def _over(self, task: Task, state: State) -> bool:
        """Tell whether no price holds for a task: all has come, and it still waits."""
        memory, horizon = state.memory, state.horizon
        return horizon is not None and memory["came"] >= horizon and task.id in memory["left"]

    def prices_of(self, rep_id: str, state: State) -> tuple[float, float]:
        """Give the present prices of a rep: of a unit of effort, and of a task."""
        memory, row = state.memory, state.row[rep_id]
        step, least, price, slot = memory["came"], self._least, 0.0, 0.0
        if table := memory["price"]:
            price = max(least, table["at"][row] - step * table["drop"][row])
        if table := memory["slot"]:
            slot = max(least, table["at"][row] - step * table["drop"][row])
        return price, slot

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Raise the price of who has the task, lower all others."""
        state.memory["flow"][0] += 1
        if not state.candidates:  # not a task of the stream: its load is seen when prices are found
            return
        memory = state.memory
        if self.quota is not None:
            note(memory["ahead"], rep_id, state.candidates, state.weight)
        new = memory["left"].pop(task.id, None) is None
        now, row = memory["came"], state.row[rep_id]
        price, slot = self.prices_of(rep_id, state)
        if table := memory["price"]:
            price += table["rise"][row] * state.effort_of(rep_id)
            table["at"][row] = price + now * table["drop"][row]
        if table := memory["slot"]:
            table["at"][row] = slot + table["rise"][row] + now * table["drop"][row]
        self._passed(state, new=new)

    def passed(self, task: Task, state: State) -> None:
        """Lower all prices."""
        left = state.memory["left"]
        new = task.id not in left
        left[task.id] = True
        if len(left) > KEPT:
            del left[next(iter(left))]
        self._passed(state, new=new)

    def _passed(self, state: State, *, new: bool) -> None:
        """Count an arrival; not a task that has been left before, and is offered again."""
        memory = state.memory
        memory["new"] = new
        if not new:
            return
        keep(memory, state.pairs, self.window)
        flow = memory["flow"]
        flow[1] += flow[0]
        if self.fairness and memory["rate"]:
            self._share_out(state)
        memory["came"] += 1

    def _share_out(self, state: State) -> None:
        """Lower all prices now, and keep the bonuses within their budget."""
        memory, now, rate = state.memory, state.memory["came"] + 1, state.memory["rate"]
        row = np.array([state.row[name] for name in rate])
        by_effort = np.array([state.capacity[name] < inf for name in rate])
        tables = memory["price"], memory["slot"]
        drops = [np.array(table["drop"] if table else [0.0] * len(state.row)) for table in tables]
        ats = [np.array(table["at"] if table else [0.0] * len(state.row)) for table in tables]
        lowered = [(at - now * drop)[row] for at, drop in zip(ats, drops, strict=True)]
        rates = np.array(list(rate.values()))
        kept = project(np.where(by_effort, *lowered), rates, self.fairness)
        for table, at, drop, low, main in zip(
            tables, ats, drops, lowered, (by_effort, ~by_effort), strict=True
        ):
            if table:
                at[row] = np.where(main, kept, np.maximum(low, 0.0)) + now * drop[row]
                table["at"] = array("d", at.tobytes())

    def released(self, task: Task, rep_id: str, state: State) -> None:
        """Count room that is given back."""
        flow = state.memory["flow"]
        flow[0], flow[2] = max(0, flow[0] - 1), flow[2] + 1

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Take a task out of what is counted."""
        state.memory["flow"][0] = len(state.holder)
        if self.quota is not None:
            credit(state.memory["ahead"], rep_id, state.weight)

    # -- learning ----------------------------------------------------------------------------

    def due(self, state: State) -> bool:
        """Tell whether it is time to find prices anew."""
        step, horizon = state.memory["came"], state.horizon or 0
        if not state.memory["new"] or not self.auto:
            return state.memory["new"] and bool(self.every) and step % (self.every or 1) == 0
        early = step in (25, 50) and (
            not len(state.problem.task_columns.id) or state.memory["flow"][2] > 0
        )
        return early or step % max(RARELY, horizon // OFTEN) == 0

    def snapshot(self, state: State) -> Any:
        """Copy what prices are found from."""
        return snapshot_of(state, self.window)

    def learn(self, snapshot: Any) -> Any:
        """Find prices, and by how much each arrival moves them."""
        return learned_prices(snapshot, self.step, self.fairness)

    def install(self, learned: Any, state: State) -> None:
        """Take prices over."""
        state.memory.update(learned)
        self.loaded(state)
        self.team_changed(state)

    def loaded(self, state: State) -> None:
        """Put prices into arrays of their own."""
        for name in TABLES:
            table = state.memory[name]
            state.memory[name] = {column: array("d", table[column]) for column in table}

    def team_changed(self, state: State) -> None:
        """Take no price for whoever was not there when prices were found."""
        for name in TABLES:
            for column in state.memory[name].values():
                column.extend([0.0] * (len(state.row) - len(column)))


def _sooner(name: str, other: str, state: State) -> bool:
    """Tell whether one of two reps has had fewer tasks per weight."""
    count, weight = state.count, state.weight
    return count[name] * weight[other] < count[other] * weight[name]
