"""Policies in two steps: a team first, then somebody in it."""

from __future__ import annotations

from math import floor, isnan, nan
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..periods import DAY
from ..plan import Reason
from .looking import tagged_number, team_of
from .options import Options
from .order import drawn
from .policy import Policy

if TYPE_CHECKING:
    from ..records import Task
    from .policy import Choice
    from .state import State

MONTH = 30
"""Days over which the capacity of a member is spread."""

USUAL = 30.0
"""The capacity of a member who has none stated."""

KEPT = 10_000
"""How many leads without an owner keep their team."""


class TeamLottery(Policy):
    """A team by lot, in proportion to capacity; in it, the fewest leads of the last 24 hours.

    The lot falls on team j with ``sum_{r in j} cap_r / sum_r cap_r``, over the teams in which
    somebody could ever take the lead, members who are away left out. In the team
    ``choose = argmin_r (received in 24 h, ties)`` over the candidates who are below their daily
    quota, ``received_r < round(cap_r / 30)``, halves up. A lead that came while everybody in its
    team was at the quota stays unassigned (``period_cap``) and keeps its team.

    Flaws that it had, and has: with ``ties="seniority"`` and few leads a day all of them go to the
    first in the team. Drawn at random, ties are even in the mean, not in each run. A capacity below
    15 is a daily quota of 0: no leads ever.

    Parameters
    ----------
    team
        The tag of the reps that holds their team; reps without it are a team of their own.
    capacity
        A tag of the reps with their leads in 30 days; None: the rep's ``capacity``, which what is
        open cannot exceed either. 30 where nothing is stated.
    ties
        ``"seniority"``: the order of the team; ``"random"``; ``"longest_wait"``, which is ours.

    References
    ----------
    Odoo, crm_team.py and crm_team_member.py: pull requests 48422, 68475 (a team by lot), 154857
    (24 hours, quota of a day), 259775 (ties at random).

    Examples
    --------
    >>> import assignopt as ao
    >>> tags = {"team": "north", "leads": 60}
    >>> team = ao.Problem([ao.Rep("ana", tags=tags), ao.Rep("bo", tags=tags)], [])
    >>> policy = ao.policies.TeamLottery(capacity="leads", ties="seniority")
    >>> router = ao.Router(team, policy=policy)
    >>> [router.assign(ao.Task(f"t{n}"), at=n * 3600).rep_id for n in range(5)]
    ['ana', 'bo', 'ana', 'bo', None]
    """

    source = "Odoo"

    def __init__(
        self, *, team: str = "team", capacity: str | None = None, ties: str = "random"
    ) -> None:
        options = Options(self)
        self.team = options.text("team", team)
        self.capacity = options.text("capacity", capacity)
        self.ties = options.word("ties", ties, ("seniority", "random", "longest_wait"))
        options.done()

    def begin(self, state: State) -> None:
        """Prepare to remember the teams of leads that nobody took, and look at capacities."""
        state.memory["team_of"] = {}
        for name in state.reps:
            self._capacity(name, state)
        self.team_changed(state)

    def _capacity(self, name: str, state: State) -> float:
        if self.capacity is not None:
            return tagged_number(state, name, self.capacity, USUAL)
        capacity = state.reps[name].capacity
        return USUAL if capacity is None else capacity

    def team_changed(self, state: State) -> None:
        """Look at teams and capacities anew."""
        capacity, teams = {}, {}
        for name, rep in state.reps.items():
            teams[name] = str(rep.tags.get(self.team, ""))
            try:
                capacity[name] = self._capacity(name, state)
            except ValidationError:  # whoever joins so is told when it comes to the first lead
                capacity[name] = nan
        here = team_of(state)
        total: dict[str, float] = {}
        for name in here:
            known = 0.0 if isnan(capacity[name]) else capacity[name]
            total[teams[name]] = total.get(teams[name], 0.0) + known
        quota = {n: None if isnan(c) else floor(c / MONTH + 0.5) for n, c in capacity.items()}
        state.memory.update(quota=quota, teams=teams, total=total)

    def _team(self, task: Task, state: State) -> str | None:
        """Give the team of a lead: the one it has, or one by lot."""
        memory: dict[str, Any] = state.memory
        known: str | None = memory["team_of"].get(task.id)
        if known is not None:
            return known
        teams, total = memory["teams"], memory["total"]
        able = list(dict.fromkeys(teams[name] for name in state.pairs))
        able = [name for name in able if total.get(name, 0) > 0]
        if len(able) <= 1:
            return able[0] if able else None
        return drawn(able, [total[name] for name in able], state.uniform("team"))

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        team, teams, quota = self._team(task, state), state.memory["teams"], state.memory["quota"]
        received = {
            name: state.received(name, DAY) for name in state.candidates if teams[name] == team
        }
        for name in received:
            if quota[name] is None:
                self._capacity(name, state)
        names = [name for name, got in received.items() if got < quota[name]]
        if not names:
            return Reason.PERIOD_CAP
        least = min(received[name] for name in names)
        equal = [name for name in names if received[name] == least]
        if self.ties == "random":
            return equal[state.draw(len(equal), "tie")]
        return min(equal, key=state.last.__getitem__) if self.ties == "longest_wait" else equal[0]

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Forget the team of a lead that has an owner."""
        state.memory["team_of"].pop(task.id, None)

    def passed(self, task: Task, state: State) -> None:
        """Keep the team of a lead that nobody took."""
        team, kept = self._team(task, state), state.memory["team_of"]
        if team is not None:
            kept[task.id] = team
        if len(kept) > KEPT:
            del kept[next(iter(kept))]
