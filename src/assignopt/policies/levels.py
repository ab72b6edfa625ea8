"""Policies that even out counts: level with credits, and hold-out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..periods import period_at
from ..plan import Reason
from .guarding import ROUNDING
from .looking import tagged_number, team_of
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from ..records import Task
    from .policy import Choice
    from .state import State

PERIODS = (None, "day", "week", "month")


class Level(Policy):
    """The lowest level next: meetings, less those that did not take place, plus a calibration.

    ``level_r = (calibration_r + meetings_r - no_shows_r - cancelled_r) / w_r`` and
    ``choose = argmin_r level_r`` over the candidates; of equals the highest priority, then the
    first in the team. Weights of 200, 100 and 100 share 60 meetings as 30, 15 and 15.

    Whoever comes back, or is new, is calibrated to the mean level of the others, so that nobody has
    to catch up on what was missed. No-shows and cancellations are what is credited back to the
    router; they count when they happen, also for meetings of a period before.

    Parameters
    ----------
    credit_back
        Whether what is credited back lowers the level.
    reset
        ``"day"``, ``"week"`` or ``"month"``: levels and calibrations start at 0 with each, and ties
        with them: the first in the order begins every period; None: never. Changes of weights act
        on all meetings since then.
    priority
        A tag of the reps with a number, the higher first; None: the order of the team.

    References
    ----------
    Chili Piper help, 360053021394 (calibration), 360053022494 (weights), 29190418659987 (vacation).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("mary", weight=200), ao.Rep("joe", weight=100)], [])
    >>> router = ao.Router(team, policy=ao.policies.Level())
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(4)]
    ['mary', 'joe', 'mary', 'mary']
    >>> router.credit_back("t1", reason="no-show")
    >>> router.assign(ao.Task("t4")).rep_id
    'joe'
    """

    source = "Chili Piper"

    def __init__(
        self,
        *,
        credit_back: bool = True,
        reset: str | None = "month",
        priority: str | None = None,
    ) -> None:
        options = Options(self)
        self.credit_back = options.flag("credit_back", credit_back)
        self.reset = options.word("reset", reset, PERIODS)
        self.priority = options.text("priority", priority)
        options.done()

    def begin(self, state: State) -> None:
        """Prepare the levels."""
        zero = dict.fromkeys(state.reps, 0.0)
        state.memory.update(meetings=dict(zero), calibration=zero, period=None, team=team_of(state))

    def _now(self, state: State) -> int | None:
        return None if self.reset is None else period_at(state.now, state.clock, self.reset)

    def level(self, rep_id: str, state: State) -> float:
        """Give the level of a rep, per weight."""
        memory = state.memory
        if memory["period"] != self._now(state):
            return 0.0
        counted: float = memory["calibration"][rep_id] + memory["meetings"][rep_id]
        return state.per_weight(counted, rep_id)

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        memory = state.memory
        if memory["period"] != self._now(state):
            levels = dict.fromkeys(state.candidates, 0.0)
        else:
            met, plus = memory["meetings"], memory["calibration"]
            levels = {n: state.per_weight(plus[n] + met[n], n) for n in state.candidates}
        tag, least = self.priority, min(levels.values())
        most = least + ROUNDING * (1 + abs(least))
        equal = [name for name, level in levels.items() if level <= most]
        if tag is None:
            return equal[0]
        return max(equal, key=lambda name: tagged_number(state, name, tag, 0.0))

    def _roll(self, state: State) -> dict[str, Any]:
        """Begin a new period, if it is time."""
        memory, now = state.memory, self._now(state)
        if memory["period"] != now:
            memory["meetings"] = dict.fromkeys(state.reps, 0.0)
            memory["calibration"] = dict.fromkeys(state.reps, 0.0)
            memory["period"] = now
        return memory

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count the meeting."""
        self._roll(state)["meetings"][rep_id] += 1

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Take off a no-show."""
        if self.credit_back:
            self._roll(state)["meetings"][rep_id] -= 1

    def team_changed(self, state: State) -> None:
        """Calibrate whoever is back or new to the mean of the others."""
        memory, team = self._roll(state), team_of(state)
        for name in state.reps:
            memory["meetings"].setdefault(name, 0.0)
            memory["calibration"].setdefault(name, 0.0)
        others = [name for name in team if name in memory["team"] and state.weight[name] > 0]
        if others:
            mean = sum(self.level(name, state) for name in others) / len(others)
            for name in team:
                if name not in memory["team"]:
                    meetings = memory["meetings"][name]
                    memory["calibration"][name] = mean * state.weight[name] - meetings
        memory["team"] = team


class HoldOut(Policy):
    """The lowest count next; whoever is ahead by k is hidden until the others catch up.

    Hidden is whoever has ``count_r - min_s count_s >= ahead``, the minimum over all who are
    available; ``choose = argmin_r count_r`` over the candidates that are not hidden, of equals the
    first in the team. Nobody is ever more than ``ahead`` in front, at a price: a task that only
    hidden reps could take is left lying (``period_cap``), and one rep who is never eligible stops
    all others. When the team changes all counts are set to 0.

    Parameters
    ----------
    ahead
        k, at least 1.
    reset
        ``"day"``, ``"week"`` or ``"month"``: counts start at 0 with each; None: never.

    References
    ----------
    HighLevel help, 155000001484, "Optimize for equal distribution": whoever is 3 or more ahead in
    the month is hidden, ties in a fixed order, adding or removing a member resets; a rep whom the
    customer names gets the meeting all the same (``to=``). RevenueHero help, balanced-round-robin,
    with weights, which are not in here.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.HoldOut(ahead=2))
    >>> [router.assign(ao.Task(f"t{n}"), pairs=["ana"]).rep_id for n in range(3)]
    ['ana', 'ana', None]
    >>> router.assign(ao.Task("t3")).rep_id
    'bo'
    """

    source = "HighLevel, RevenueHero"

    def __init__(self, *, ahead: int = 3, reset: str | None = "month") -> None:
        options = Options(self)
        self.ahead = options.whole("ahead", ahead, least=1)
        self.reset = options.word("reset", reset, PERIODS)
        options.done()

    def begin(self, state: State) -> None:
        """Prepare the counts."""
        state.memory.update(counts=dict.fromkeys(state.reps, 0), period=None, team=team_of(state))

    def _now(self, state: State) -> int | None:
        return None if self.reset is None else period_at(state.now, state.clock, self.reset)

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        memory = state.memory
        counts: dict[str, int] = memory["counts"]
        if memory["period"] != self._now(state):
            counts = dict.fromkeys(state.reps, 0)
        here = state.available
        least = min(counts[name] for name in counts if here[name])
        chosen = min(state.candidates, key=counts.__getitem__)
        return chosen if counts[chosen] - least < self.ahead else Reason.PERIOD_CAP

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count it."""
        memory, now = state.memory, self._now(state)
        if memory["period"] != now:
            memory.update(counts=dict.fromkeys(state.reps, 0), period=now)
        memory["counts"][rep_id] += 1

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Take it off again, within its period."""
        memory = state.memory
        if memory["period"] == self._now(state):
            memory["counts"][rep_id] = max(0, memory["counts"][rep_id] - 1)

    def team_changed(self, state: State) -> None:
        """Start anew when somebody joined or left."""
        memory, team = state.memory, team_of(state)
        if team != memory["team"]:
            memory.update(counts=dict.fromkeys(state.reps, 0), team=team)
