"""Simulate: policies and streams in, a comparison out; side by side on any executor."""

from __future__ import annotations

import logging
import time
from concurrent.futures import as_completed
from copy import deepcopy
from dataclasses import dataclass
from pickle import PicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from ..errors import Faults
from ..problem import Problem
from .comparison import Comparison
from .hindsight import Hindsight, hindsight
from .measuring import Measuring, measured
from .reading import (
    check_stream,
    read_helpers,
    read_policies,
    read_seeds,
    read_setting,
    read_sources,
)
from .running import Run
from .watching import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

    from ..policies import Policy
    from ..streams import Stream
    from .reading import Source
    from .running import Setting
    from .watching import Progress

ENOUGH = 8
"""With so many streams each is one piece of work; with fewer each run is one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Some policies on one stream; none: its hindsight."""

    problem: Problem
    stream: Stream
    key: tuple[str, int]
    policies: dict[str, Policy]
    setting: Setting
    waits: float = 0.0
    time_limit: float = 0.0


def simulate(
    problem: Problem,
    policies: Any,
    *,
    arrivals: Any = None,
    seeds: int | Iterable[int] | None = None,
    n: int | None = None,
    batch: int = 1,
    window: float | None = None,
    retry: bool = False,
    checkpoints: int = 10,
    hindsight: bool = True,
    time_limit: float = 30.0,
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    progress: bool = False,
    stop: threading.Event | None = None,
) -> Comparison:
    """Let policies work on the same streams, and compare what they made of them.

    Every policy gets the same tasks at the same times, the same changes of the team and the same
    luck (common random numbers): with seed ``s`` the stream is drawn from ``s``, the policy draws
    from ``s``, and task ``i`` converts with rep ``r`` when ``u_i < p_ir`` with one ``u_i`` for all.
    The rules of the problem are kept at every moment, as by :class:`assignopt.Router`. The same
    arguments give the same numbers, whatever the executor.

    Parameters
    ----------
    problem
        The team and its rules; its tasks are the forecast, from which streams are drawn and prices
        are learnt.
    policies
        Policies, or classes of those without options; or name -> policy.
    arrivals
        None: the tasks of the problem in their order, one a second. A name: ``"iid"``,
        ``"permutation"``, ``"drift"``, ``"bursts"``, ``"adversarial"``; or (name, options), see
        :mod:`assignopt.streams`. A :class:`~assignopt.streams.Stream`. A function of a seed that
        gives one. A list of these, or name -> one of these.
    seeds
        How many (0, 1, ...), or which; None: 20 where streams are drawn, else 1.
    n
        Tasks in a stream that is drawn by name; None, and for a permutation: as many as the
        forecast has.
    batch
        Decide on so many tasks together, when the last of them has come.
    window
        Decide on what has come within so many seconds together, at their end, in place of
        ``batch``.
    retry
        Whether a task that nobody took waits, to be offered again in order when somebody who could
        take it is freed, comes back or joins. False: it is lost.
    checkpoints
        How often to measure in the course of a stream.
    hindsight
        Whether to find the best value with full knowledge of each stream, or a bound on it.
    time_limit
        Seconds for each of these.
    executor
        Runs side by side, any :class:`concurrent.futures.Executor`. Processes need policies that
        are defined in a module. None: one after another.
    on_progress
        Called with a snapshot after each piece of work.
    progress
        Show a bar on the terminal.
    stop
        When it is set, what is done so far is returned.

    Returns
    -------
    Comparison
        See there for its frames.

    Raises
    ------
    pydantic.ValidationError
        With every argument at fault.
    PolicyError
        When a policy raises an exception: which, on what stream, with which seed, at which arrival.
        A policy that names somebody who is unknown or may not have the task is refused instead;
        ``comparison.refusals`` tells.

    Examples
    --------
    >>> import assignopt as ao
    >>> class Fittest(ao.policies.Policy):
    ...     def choose(self, task, state):
    ...         return max(state.candidates, key=state.fit_of)
    >>> team = [ao.Rep("ana", max_tasks=3, fit={"smb": 0.9}), ao.Rep("bo", max_tasks=3)]
    >>> forecast = [ao.Task("a", value=10, customer_type="smb"), ao.Task("b", value=4)]
    >>> found = ao.simulate(
    ...     ao.Problem(team, forecast), [ao.policies.LongestWait, Fittest], arrivals="iid", n=6,
    ...     seeds=5,
    ... )
    >>> found.summary()[["policy", "mean", "worst"]].round(3)
            policy   mean  worst
    0      Fittest  1.000  1.000
    1  LongestWait  0.975  0.957
    """
    options = {"batch": batch, "window": window, "retry": retry, "checkpoints": checkpoints}
    faults = Faults("simulate")
    if not isinstance(problem, Problem):
        message = f"a {type(problem).__name__} is no problem. Give an assignopt.Problem"
        faults.add(("problem",), message)
        faults.raise_if_any()
    named = read_policies(policies, faults)
    sources = read_sources(arrivals, problem, n, faults)
    listed = read_seeds(seeds, sources, faults)
    setting = read_setting(options, faults)
    read_helpers({"executor": executor, "on_progress": on_progress, "stop": stop}, faults)
    if not isinstance(hindsight, bool):
        message = f"{hindsight!r} is out of range; allowed is True or False"
        faults.add(("hindsight",), message, hindsight)
    if (
        isinstance(time_limit, bool)
        or not isinstance(time_limit, int | float)
        or not 0 < time_limit < np.inf
    ):
        faults.add(("time_limit",), f"{time_limit!r} is out of range; allowed is above 0")
    faults.raise_if_any()
    streams = _streams(problem, sources, listed)
    jobs = list(_jobs(problem, streams, named, setting, time_limit if hindsight else None))
    with Watch(jobs_total(jobs), on_progress, progress) as watch:
        done = list(_work(jobs, executor, watch, stop))
    told = {"arrivals": [source.name for source in sources], "seeds": listed, **options}
    told["fixed"] = [source.name for source in sources if source.fixed]
    return _compared(problem, list(named), streams, done, told, len(done) == len(jobs))


def _streams(problem: Problem, sources: Any, seeds: list[int]) -> dict[tuple[str, int], Stream]:
    """Make every stream; what does not fit the problem is a fault."""
    faults, found = Faults("simulate"), {}
    for source in sources:
        for seed in seeds:
            stream = _drawn(source, seed, faults)
            if not (source.fixed and seed != seeds[0]):
                check_stream(stream, problem, source, faults)
            found[source.name, seed] = stream
    faults.raise_if_any()
    return found


def _drawn(source: Source, seed: int, faults: Faults) -> Stream:
    """Let a function make a stream; if it fails, say which and with which seed."""
    try:
        return source.make(seed)
    except ValidationError:
        raise
    except Exception as error:
        told = f"stream {source.name!r} with seed {seed} failed: {type(error).__name__}: {error}"
        faults.add(("arrivals", source.name), f"{told}. Correct the function")
        try:
            faults.raise_if_any()
        except ValidationError as fault:
            raise fault from error
        raise


def _jobs(
    problem: Problem,
    streams: dict[tuple[str, int], Stream],
    policies: dict[str, Policy],
    setting: Setting,
    time_limit: float | None,
) -> Iterator[Job]:
    """Cut the work into pieces."""
    waits = max((policy.waits for policy in policies.values()), default=0.0)
    seen: set[int] = set()
    for key, stream in streams.items():
        if time_limit is not None and id(stream) not in seen:
            yield Job(problem, stream, key, {}, setting, waits, time_limit)
        seen.add(id(stream))
        if len(streams) >= ENOUGH:
            yield Job(problem, stream, key, policies, setting)
        else:
            for name, policy in policies.items():
                yield Job(problem, stream, key, {name: policy}, setting)


def jobs_total(jobs: list[Job]) -> int:
    """Count the runs and the hindsights."""
    return sum(max(1, len(job.policies)) for job in jobs)


def work(job: Job) -> Any:
    """Do a piece of work: give a Hindsight, or name, row, rows over time, refusals of each run."""
    if not job.policies:
        return hindsight(job.problem, job.stream, job.setting, job.waits, job.time_limit)
    return [(name, *_run(job, name, policy)) for name, policy in job.policies.items()]


def _run(job: Job, name: str, policy: Policy) -> tuple[Any, Any, Any]:
    begun = time.thread_time()
    stream, seed = job.key
    label = f"policy {name!r} on stream {stream!r} with seed {seed}"
    run = Run(job.problem, deepcopy(policy), job.stream, seed, job.setting, label)
    measuring = Measuring(job.stream, job.setting.checkpoints)
    record = run.play(measuring)
    row, rows = measured(run, measuring)
    return {**row, "seconds": time.thread_time() - begun}, rows, record.refusals


def _work(
    jobs: list[Job],
    executor: Executor | None,
    watch: Watch,
    stop: threading.Event | None,
) -> Iterator[tuple[Job, Any]]:
    """Do the work, and give what came out in the order of the jobs."""
    if executor is None:
        for job in jobs:
            if stop is not None and stop.is_set():
                return
            yield job, work(job)
            watch.done(max(1, len(job.policies)), job.key)
        return
    futures = {executor.submit(work, job): number for number, job in enumerate(jobs)}
    found: dict[int, Any] = {}
    try:
        for future in as_completed(futures):
            number = futures[future]
            found[number] = _got(future)
            watch.done(max(1, len(jobs[number].policies)), jobs[number].key)
            if stop is not None and stop.is_set():
                break
    finally:
        for future in futures:
            future.cancel()
    for number in sorted(found):
        yield jobs[number], found[number]


def _got(future: Any) -> Any:
    """Give what came back; say what to do where something could not be sent."""
    try:
        return future.result()
    except (AttributeError, TypeError, PicklingError) as error:
        if "pickle" not in str(error):
            raise
        raise TypeError(
            f"a policy or stream cannot be sent to another process: {error}. Define its class or "
            "function at the top level of a module, or give a ThreadPoolExecutor"
        ) from error


def _compared(
    problem: Problem,
    names: list[str],
    streams: dict[tuple[str, int], Stream],
    done: list[tuple[Job, Any]],
    told: dict[str, Any],
    complete: bool,
) -> Comparison:
    """Put together what came out."""
    best = {id(job.stream): found for job, found in done if isinstance(found, Hindsight)}
    unknown = Hindsight(np.nan, np.nan, False, "not asked for")
    runs, over_time, refusals = [], [], []
    for job, found in done:
        if isinstance(found, Hindsight):
            continue
        key = job.key
        for name, row, rows, refused in found:
            where = {"policy": name, "stream": key[0], "seed": key[1]}
            seen = best.get(id(job.stream), unknown)
            runs.append({**where, **row, **_against(row["value"], seen)})
            over_time += [{**where, **one} for one in rows]
            refusals += [(*where.values(), *one) for one in refused]
            if row["refused"]:
                first = refused[0]
                _log.warning(
                    "policy %r named reps who may not have the task %d times on stream %r, seed "
                    "%d; first %r for task %r: %s",
                    name, row["refused"], *key, first[1], first[0], first[3],
                )  # fmt: skip
    order = {name: number for number, name in enumerate(names)}
    place = {key: number for number, key in enumerate(streams)}

    def rank(one: Any) -> tuple[int, int]:
        return place[one["stream"], one["seed"]], order[one["policy"]]

    runs.sort(key=rank)
    over_time.sort(key=rank)
    refusals.sort(key=lambda one: (place[one[1], one[2]], order[one[0]]))
    how = {job.key[0]: found.how for job, found in done if isinstance(found, Hindsight)}
    about = {**told, "policies": names, "reps": len(problem.reps), "hindsight": how}
    return Comparison.of(runs, over_time, refusals, {**about, "complete": complete})


def _against(value: float, best: Hindsight) -> dict[str, Any]:
    return {
        "hindsight": best.value,
        "bound": best.bound,
        "exact": best.exact,
        "ratio": value / best.value if best.value > 0 else np.nan,
        "bound_ratio": value / best.bound if best.bound > 0 else np.nan,
    }
