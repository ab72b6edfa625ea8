"""What callers hand to simulate, read with every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from difflib import get_close_matches
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import one_clock
from ..policies import Policy
from ..streams import Stream, from_problem
from ..streams.generators import GENERATORS, options_of
from .running import Setting

if TYPE_CHECKING:
    from ..errors import Faults, Place
    from ..problem import Problem

SEEDS = 20
"""How many seeds are run where streams are drawn and nobody says how many."""


@dataclass(frozen=True)
class Source:
    """Where the streams under one name come from; ``make`` gives one for each seed."""

    name: str
    make: Callable[[int], Stream]
    fixed: bool


def read_policies(given: Any, faults: Faults) -> dict[str, Policy]:
    """Read policies by name: objects, classes of those without options, or name -> one of these."""
    if isinstance(given, Policy) or (isinstance(given, type) and issubclass(given, Policy)):
        given = [given]
    if not isinstance(given, Iterable) or isinstance(given, str):
        faults.add(("policies",), f"{given!r} is no list of policies. Give some", given)
        return {}
    named = isinstance(given, Mapping)
    listed = list(given.items()) if isinstance(given, Mapping) else [(None, one) for one in given]
    found: dict[str, Policy] = {}
    for number, (name, one) in enumerate(listed):
        place: Place = ("policies", name if named else number)
        try:
            policy = one() if isinstance(one, type) and issubclass(one, Policy) else one
        except TypeError as error:
            faults.add(place, f"{one.__name__} needs options: {error}. Give an object of it", one)
            continue
        if not isinstance(policy, Policy):
            message = f"{policy!r} is no policy. Give one of assignopt.policies, or of your own"
            faults.add(place, message, policy)
            continue
        told = policy.name if name is None else name
        if told in found:
            message = (
                f"two policies are called {told!r}. Give {{name: policy}} with a name for each"
            )
            faults.add(place, message, told)
        found[str(told)] = deepcopy(policy)
    if not found and not faults.count:
        faults.add(("policies",), "there are none. Give at least one", given)
    return found


def read_sources(given: Any, problem: Problem, n: int | None, faults: Faults) -> list[Source]:
    """Read where streams come from; see :func:`assignopt.simulate` on ``arrivals``."""
    if isinstance(given, Mapping):
        if not given:
            faults.add(("arrivals",), "there are none. Give at least one", given)
        return [
            replace(_source(one, problem, n, ("arrivals", name), faults), name=str(name))
            for name, one in given.items()
        ]
    many = isinstance(given, list)
    listed = list(given) if many else [given]
    if not listed:
        faults.add(("arrivals",), "there are none. Give at least one", given)
    found: list[Source] = []
    for number, one in enumerate(listed):
        place: Place = ("arrivals", number) if many else ("arrivals",)
        source = _source(one, problem, n, place, faults)
        if source.name in {other.name for other in found}:
            message = f"two streams are called {source.name!r}. Give {{name: arrivals}}"
            faults.add(place, message, source.name)
        found.append(source)
    return found


def _source(one: Any, problem: Problem, n: int | None, place: Place, faults: Faults) -> Source:
    options: Mapping[str, Any] = {}
    if isinstance(one, tuple) and len(one) == 2 and isinstance(one[1], Mapping):
        one, options = one
    if one is None:
        plain = from_problem(problem)
        return Source(plain.name, lambda seed: plain, fixed=True)
    if isinstance(one, Stream):
        return Source(one.name, lambda seed: one, fixed=True)
    if isinstance(one, str):
        if one in GENERATORS:
            _check_options(one, options, place, faults)
            maker, given = GENERATORS[one], {"n": n, **options}
            return Source(one, lambda seed: maker(problem, seed=seed, **given), fixed=False)
        near = get_close_matches(one, GENERATORS, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(GENERATORS)}"
        faults.add(place, f"arrivals {one!r} are unknown; {remedy}", one)
    elif callable(one):
        return Source(getattr(one, "__name__", "stream"), one, fixed=False)
    else:
        message = (
            f"{one!r} tells no stream. Give a name ({', '.join(GENERATORS)}), a Stream, a function "
            "of a seed, a list or a table of these, or None"
        )
        faults.add(place, message, one)
    return Source("", lambda seed: Stream(()), fixed=True)


def _check_options(name: str, options: Mapping[str, Any], place: Place, faults: Faults) -> None:
    known = options_of(name)
    for option in options:
        if option not in known:
            near = get_close_matches(str(option), known, 1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            faults.add((*place, str(option)), f"{name} has no option {option!r}; {remedy}", option)


def read_seeds(given: Any, sources: list[Source], faults: Faults) -> list[int]:
    """Read seeds: how many, or which; None: 20 where anything is drawn, else 1."""
    if given is None:
        return list(range(1 if all(source.fixed for source in sources) else SEEDS))
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    listed = list(range(int(given))) if whole else given
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        faults.add(("seeds",), f"{given!r} is neither a number of seeds nor a list of them", given)
        return []
    found = list(listed)
    for number, seed in enumerate(found):
        good = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
        if not good or seed < 0:
            message = f"{seed!r} is out of range; allowed is a whole number, 0 or more"
            faults.add(("seeds", number), message, seed)
    if not found:
        faults.add(("seeds",), f"{given!r} makes no run; allowed is at least one seed", given)
    if len(set(map(repr, found))) < len(found):
        faults.add(("seeds",), "a seed stands twice. Give each once", given)
    return [] if faults.count else [int(seed) for seed in found]


def read_setting(options: Mapping[str, Any], faults: Faults) -> Setting:
    """Read how tasks are offered."""
    for name in ("batch", "checkpoints"):
        value = options[name]
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
            message = f"{value!r} is out of range; allowed is a whole number, 1 or more"
            faults.add((name,), message, value)
    if not isinstance(options["retry"], bool):
        message = f"{options['retry']!r} is out of range; allowed is True or False"
        faults.add(("retry",), message, options["retry"])
    window = options["window"]
    if window is not None:
        if (
            not isinstance(window, int | float | np.number)
            or isinstance(window, bool)
            or not 0 < window < np.inf
        ):
            faults.add(("window",), f"{window!r} is out of range; allowed are seconds above 0")
        if options["batch"] != 1:
            faults.add(("batch",), "is given with window. Give one of the two", options["batch"])
    return Setting(**options)


def read_helpers(given: Mapping[str, Any], faults: Faults) -> None:
    """Note an executor, a progress or a stop that is none."""
    wanted = {
        "executor": ("submit", "a concurrent.futures.Executor"),
        "on_progress": ("__call__", "a function"),
        "stop": ("is_set", "a threading.Event"),
    }
    for name, (method, what) in wanted.items():
        one = given[name]
        if one is not None and not callable(getattr(one, method, None)):
            faults.add((name,), f"a {type(one).__name__} is none. Give {what}, or None", one)


def check_stream(stream: Any, problem: Problem, source: Source, faults: Faults) -> None:
    """Note what does not fit together: clocks, reps that changes are about, chances."""
    if not isinstance(stream, Stream):
        message = f"{source.name} gave {type(stream).__name__}, which is no Stream"
        faults.add(("arrivals",), message)
        return
    mine = one_clock(problem.rep_columns.clock, problem.task_columns.clock)
    if one_clock(mine, str(stream.clock)) == "mixed":
        message = (
            f"times of stream {source.name!r} are {stream.clock}, those of the problem {mine}. "
            "Give both in seconds, or both as datetimes"
        )
        faults.add(("arrivals", source.name, "at"), message)
    for name, of in stream.copies.items():
        if of not in problem.task_columns.index:
            message = f"task {name!r} is a copy of {of!r}, which is no task of the problem"
            place = ("arrivals", source.name, "copies", name)
            faults.add(place, f"{message}. Name one that is, or leave it out", of)
    known = {str(name) for name in problem.rep_columns.id}
    for number, one in enumerate(stream.events):
        if one.rep is not None:
            known.add(one.rep.id)
        elif one.who not in known:
            near = get_close_matches(one.who, known, 1)
            remedy = f"did you mean {near[0]!r}?" if near else "Let them join first"
            message = f"rep {one.who!r} is not in the team then; {remedy}"
            faults.add(("arrivals", source.name, "events", number), message, one.who)
    if stream.outcomes is not None:
        kinds = {task.customer_type or "" for task in stream.tasks}
        for rep, kind in stream.outcomes.missing(sorted(known), sorted(kinds))[:100]:
            message = f"has no chance for rep {rep!r} and customer type {kind!r}. Fill it in"
            faults.add(("arrivals", source.name, "outcomes", "chance"), message)
