"""The workforce instances: what they say, what judges an answer, and two alternatives.

An instance is the JSON of the aircraft maker: teams with calendars, tasks at a fixed time, teams
compatible with a task, pairs of tasks on one team. An answer maps each task to a team.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np

from .measure import Span

Instance = dict[str, Any]
Answer = dict[str, str]


def peak(one: Instance) -> int:
    """Count the tasks that are under way at once at most: no fewer teams can do.

    A task that starts when another ends does not overlap it.
    """
    start, end = one["original_start"], one["original_end"]
    events = [(start[t], 1) for t in one["tasks"]] + [(end[t], -1) for t in one["tasks"]]
    running = most = 0
    for _, step in sorted(events):
        running += step
        most = max(most, running)
    return most


def available(one: Instance, task: str) -> list[str]:
    """Give the teams that may take a task and are there all the time."""
    start, end = one["original_start"][task], one["original_end"][task]
    return [
        team
        for team in one["compatible_teams"].get(task, one["teams"])
        if any(low <= start and end <= high for low, high in one["calendar"][team])
    ]


def judge(one: Instance, answer: Answer) -> tuple[int, int, int]:
    """Check an answer; give teams used, their range of minutes, and the tasks left open.

    Raises
    ------
    ValueError
        When a team may not take a task, holds two that overlap, or two tasks of one group have
        different teams.
    """
    held: dict[str, list[str]] = defaultdict(list)
    for task, team in answer.items():
        if team not in available(one, task):
            raise ValueError(f"team {team!r} may not take task {task!r}")
        held[team].append(task)
    for team, tasks in held.items():
        inorder = sorted(tasks, key=lambda t: one["original_start"][t])
        for before, after in pairwise(inorder):
            if one["original_end"][before] > one["original_start"][after]:
                raise ValueError(f"team {team!r} holds {before!r} and {after!r}, which overlap")
    for group in one["same_allocation"]:
        if len({answer[task] for task in group if task in answer}) > 1:
            raise ValueError(f"tasks {group} have different teams")
    minutes = [sum(one["tasks_data"][t]["duration"] for t in tasks) for tasks in held.values()]
    spread = max(minutes) - min(minutes) if minutes else 0
    return len(held), spread, len(one["tasks"]) - len(answer)


def generate(tasks: int, teams: int, seed: int) -> Instance:
    """Make an instance of the same shape: intervals in a day, few restrictions, few groups."""
    rng = np.random.default_rng(seed)
    names = [f"t{i:03d}" for i in range(tasks)]
    crew = [f"team{i:02d}" for i in range(teams)]
    duration = (15 * rng.integers(1, 7, tasks)).tolist()
    start = rng.integers(0, 480 - 90, tasks).tolist()
    order = np.argsort(start).tolist()
    ends = {names[i]: start[i] + duration[i] for i in range(tasks)}
    follows = [
        [names[a], names[b]]
        for a, b in zip(order[::8], order[4::8], strict=False)
        if ends[names[a]] <= start[b]
    ]
    restricted = rng.choice(names, tasks // 10, replace=False).tolist()
    tied = {task for pair in follows for task in pair}
    return {
        "teams": crew,
        "tasks": names,
        "calendar": {team: [[0, 659]] for team in crew},
        "tasks_data": {t: {"duration": d} for t, d in zip(names, duration, strict=True)},
        "same_allocation": follows,
        "compatible_teams": {t: crew[: teams // 2] for t in restricted if t not in tied},
        "original_start": dict(zip(names, start, strict=True)),
        "original_end": ends,
    }


def first_fit(one: Instance, limit: float, workers: int) -> tuple[Answer, bool, bool]:
    """Take tasks as they start, each to the least loaded busy team that may, else to a new one."""
    del limit, workers
    leader = {task: task for task in one["tasks"]}
    for first, *others in one["same_allocation"]:
        for other in others:
            old, new = leader[other], leader[first]
            leader = {task: new if lead == old else lead for task, lead in leader.items()}
    groups: dict[str, list[str]] = defaultdict(list)
    for task in sorted(one["tasks"], key=lambda t: one["original_start"][t]):
        groups[leader[task]].append(task)
    answer: Answer = {}
    held: dict[str, list[str]] = defaultdict(list)
    load: dict[str, int] = dict.fromkeys(one["teams"], 0)

    def is_free(team: str, tasks: list[str]) -> bool:
        start, end = one["original_start"], one["original_end"]
        return all(end[t] <= start[h] or end[h] <= start[t] for h in held[team] for t in tasks)

    for tasks in groups.values():
        may = set.intersection(*(set(available(one, task)) for task in tasks))
        free = [team for team in one["teams"] if team in may and is_free(team, tasks)]
        if free:
            team = min(free, key=lambda name: (not held[name], load[name]))
            held[team] += tasks
            load[team] += sum(one["tasks_data"][task]["duration"] for task in tasks)
            answer |= dict.fromkeys(tasks, team)
    return answer, False, False


def cpsat(one: Instance, limit: float, workers: int) -> tuple[Answer, bool, bool]:
    """Solve by a plain CP-SAT model: fewest teams, then the least range; half the limit each."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = {(t, r): model.new_bool_var("") for t in one["tasks"] for r in available(one, t)}
    works = {team: model.new_bool_var("") for team in one["teams"]}
    for task in one["tasks"]:
        model.add_exactly_one(x[task, team] for team in one["teams"] if (task, team) in x)
    start, end, data = one["original_start"], one["original_end"], one["tasks_data"]
    total = sum(data[task]["duration"] for task in one["tasks"])
    high, low = model.new_int_var(0, total, ""), model.new_int_var(0, total, "")
    for team in one["teams"]:
        mine = [task for task in one["tasks"] if (task, team) in x]
        model.add_no_overlap(
            model.new_optional_fixed_size_interval_var(
                int(start[t]), int(end[t] - start[t]), x[t, team], ""
            )
            for t in mine
        )
        model.add_max_equality(works[team], [x[t, team] for t in mine] or [0])
        load = sum(data[t]["duration"] * x[t, team] for t in mine)
        model.add(load <= high)
        model.add(load >= low).only_enforce_if(works[team])
    for first, *others in one["same_allocation"]:
        for other in others:
            for team in one["teams"]:
                model.add(x.get((first, team), 0) == x.get((other, team), 0))
    teams = sum(works.values())
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit / 2
    solver.parameters.num_workers = workers
    model.minimize(teams)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return {}, False, False
    fewest = status == cp_model.OPTIMAL
    found = {t: r for (t, r), one_x in x.items() if solver.boolean_value(one_x)}
    model.add(teams <= round(solver.objective_value))
    for variable in (*x.values(), *works.values()):
        model.add_hint(variable, solver.value(variable))
    model.minimize(high - low)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return found, fewest, False
    found = {t: r for (t, r), one_x in x.items() if solver.boolean_value(one_x)}
    return found, fewest, fewest and status == cp_model.OPTIMAL


METHODS = {"cp-sat plain": cpsat, "first fit": first_fit}


def run(one: Instance, method: str, limit: float, workers: int) -> dict[str, Any]:
    """Run one alternative in this process, and judge what it found."""
    METHODS[method](generate(4, 3, 0), 5.0, workers)  # imports what it needs
    with Span() as span:
        answer, fewest, even = METHODS[method](one, limit, workers)
    teams, spread, left = judge(one, answer)
    told = {"teams": teams, "range": spread, "open": left}
    return {"method": method, **told, "teams_proved": fewest, "range_proved": even, **span.facts()}
