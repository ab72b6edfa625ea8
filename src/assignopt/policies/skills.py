"""Policies that look at skills, and give up some of them with time."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ..plan import Reason
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from ..records import Task
    from .policy import Choice
    from .state import State

KEPT = 10_000
"""How many tasks that wait are remembered."""


class SkillsFirst(Policy):
    """All skills at first; additional ones are dropped, one group after another, by timeouts.

    What a task ``requires`` is never dropped. What it ``prefers`` is: skill -> priority value, the
    **highest value first**, equal values together, one group each time a timeout has passed since
    the task first came. Let K be what is left: ``choose = argmax room_r`` over the candidates who
    have every skill in K (``"least_active"``: ``argmin load_r``), of equals whoever has waited
    longest. Is there none, the task waits (``no_skill``): offer it again when time has passed.

    The same number means the opposite in :class:`assignopt.Preference`, where it is a weight.

    Parameters
    ----------
    timeout
        Seconds after which one more group of skills is dropped, above 0.
    then
        ``"most_available"`` or ``"least_active"``.

    References
    ----------
    Salesforce, Summer '20 release notes, rn_omnichannel_iterative_routing (drop of additional
    skills); Omni-Channel, service_presence_routing_configuration_settings (routing models).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", skills={"french"})], [])
    >>> router = ao.Router(team, policy=ao.policies.SkillsFirst(timeout=60))
    >>> call = ao.Task("call", requires={"french"}, prefers={"billing": 0, "paris": 1})
    >>> [router.assign(call, at=at).rep_id for at in (0, 59, 60, 119, 120)]
    [None, None, None, None, 'ana']
    """

    source = "Salesforce Omni-Channel"

    def __init__(self, *, timeout: float = 60.0, then: str = "most_available") -> None:
        options = Options(self)
        self.timeout = options.number("timeout", timeout, above=True)
        self.then = options.word("then", then, ("most_available", "least_active"))
        options.done()

    def begin(self, state: State) -> None:
        """Prepare to remember since when tasks wait."""
        state.memory["since"] = {}

    def wanted(self, task: Task, state: State) -> list[str]:
        """List the additional skills that are not dropped yet."""
        since = state.memory["since"].get(task.id, state.now)
        dropped = int((state.now - since) / self.timeout + 1e-9)
        groups = sorted(set(task.prefers.values()), reverse=True)
        kept = set(groups[dropped:])
        return [skill for skill, value in task.prefers.items() if value in kept]

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        names, reps, last = list(state.candidates), state.reps, state.last
        for skill in self.wanted(task, state) if task.prefers else ():
            names = [name for name in names if reps[name].skills.get(skill, 0) > 0]
        if not names:
            return Reason.NO_SKILL
        load = state.load
        if self.then == "least_active":
            return min(names, key=lambda name: (load[name], last[name]))
        limit = state.capacity
        return min(names, key=lambda name: (load[name] - limit[name], last[name]))

    def ask_again(self, task: Task, state: State) -> float:
        """Tell when the next group of skills is dropped."""
        since = state.memory["since"].get(task.id, state.now)
        left = len({task.prefers[skill] for skill in self.wanted(task, state)})
        dropped = len(set(task.prefers.values())) - left
        return since + (dropped + 1) * self.timeout if left else inf

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Forget since when it waited."""
        state.memory["since"].pop(task.id, None)

    def passed(self, task: Task, state: State) -> None:
        """Remember since when it waits."""
        since = state.memory["since"]
        since.setdefault(task.id, state.now)
        if len(since) > KEPT:
            del since[next(iter(since))]
