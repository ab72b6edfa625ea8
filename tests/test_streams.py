"""Streams: what is read, what is refused, and that generators draw what they say."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import assignopt as ao
from assignopt.streams import generators

Stream, Change, Outcomes = ao.streams.Stream, ao.streams.Change, ao.streams.Outcomes
TASKS = [ao.Task("a", value=1), ao.Task("b", value=2), ao.Task("c", value=3)]


def forecast(kinds: int = 4, tasks: int = 40, reps: int = 3) -> ao.Problem:
    work = [
        ao.Task(f"t{j}", value=float(j + 1), customer_type=f"c{j % kinds}") for j in range(tasks)
    ]
    return ao.Problem([ao.Rep(f"r{i}", max_tasks=9) for i in range(reps)], work)


def faults_of(error: ValidationError) -> dict[tuple[int | str, ...], str]:
    return {fault["loc"]: fault["msg"] for fault in error.errors()}


# -- what a stream is ------------------------------------------------------------------------------


def test_every_fault_of_a_stream_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        Stream([*TASKS, ao.Task("a")], at=[0, 5, 4, 9], durations=[1, -1, None, np.inf])
    found = faults_of(caught.value)
    assert found["tasks", 3, "id"] == "task 'a' stands twice. Keep one, or give the other an id"
    assert found["at", 2].startswith("4.0 is before 5.0, the time of the task before.")
    assert {("durations", 1), ("durations", 3)} <= set(found)


@pytest.mark.parametrize(
    ("given", "place", "message"),
    [
        ({"at": [0, 1]}, ("at",), "2 times for 3 tasks"),
        ({"at": [0, "soon", 2]}, ("at", 1), "not a time"),
        ({"at": [0, datetime(2026, 3, 2), 2]}, ("at",), "different kinds"),
        ({"at": [0, np.nan, 2]}, ("at", 1), "not finite"),
        ({"durations": [1, 2]}, ("durations",), "2 durations for 3 tasks"),
        ({"durations": "long"}, ("durations",), "no number"),
        ({"outcomes": Outcomes([0.5])}, ("outcomes",), "1 outcomes for 3 tasks"),
        ({"name": ""}, ("name",), "Give the stream a name"),
        ({"clock": "sundial"}, ("clock",), "unknown"),
        ({"events": [{"at": 3}]}, ("events", 0), "says nothing"),
        (
            {"events": [Change(datetime(2026, 3, 2), "ana", available=False)]},
            ("events",),
            "Give one kind",
        ),
    ],
)
def test_what_is_wrong_with_a_stream_is_said(given: dict, place: tuple, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Stream(TASKS, **({"at": [0, 1, 2]} | given))
    found = faults_of(caught.value)
    assert message in found[place]


@pytest.mark.parametrize(
    "given",
    [
        {"rep_id": "ana"},
        {"available": True},
        {"rep_id": "ana", "available": True, "rep": ao.Rep("ana")},
        {"rep_id": "ana", "rep": ao.Rep("ana")},
        {"rep_id": "ana", "available": True, "returns": True},
    ],
)
def test_a_change_says_one_thing(given: dict) -> None:
    with pytest.raises(ValidationError):
        Change(at=0, **given)


def test_changes_are_sorted_and_know_whether_they_end_work() -> None:
    changes = [
        Change(5, rep=ao.Rep("bo", active=False), returns=True),
        Change(1, "ana", available=False),
        Change(3, "ana", available=True),
    ]
    stream = Stream(TASKS, events=changes)
    assert [(one.at, one.who, one.ends) for one in stream.events] == [
        (1, "ana", True),
        (3, "ana", False),
        (5, "bo", True),
    ]


@pytest.mark.parametrize("datetimes", [False, True])
def test_json_brings_back_the_same(datetimes: bool) -> None:
    begin = datetime(2026, 3, 2, 9)
    at = [begin + timedelta(hours=k) if datetimes else k * 3600.0 for k in range(3)]
    stream = Stream(
        TASKS,
        at,
        [60, None, 90],
        "mine",
        Outcomes([0.1, 0.2, 0.3], 5, 60, {"ana": {"": 0.5}}),
        [Change(at[1], "ana", available=False), Change(at[2], rep=ao.Rep("bo", capacity=3))],
        {"b": "a"},
    )
    again = Stream.from_json(stream.to_json())
    assert again.to_json() == stream.to_json()
    assert again.tasks == stream.tasks
    assert again.events == stream.events
    assert again.clock == ("datetime" if datetimes else "seconds")
    pd.testing.assert_frame_equal(again.to_frame(), stream.to_frame())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tasks": 3}', '{"tasks": [], "colour": 1}'])
def test_json_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"the text is no stream|3 is no list"):
        Stream.from_json(text)


def test_a_chance_that_is_a_function_does_not_go_into_json() -> None:
    stream = Stream(TASKS).with_outcomes(1, chance=lambda task, rep_id: 0.5)
    with pytest.raises(TypeError, match="Give a table"):
        stream.to_json()


def test_outcomes_tell_every_fault() -> None:
    with pytest.raises(ValidationError) as caught:
        Outcomes([0.5, 1.0], value=[1], delay=-1, chance={"ana": {"smb": 2}, "bo": 0.5})
    places = {("luck", 1), ("value",), ("delay", 0), ("delay", 1)}
    assert places | {("chance", "ana", "smb"), ("chance", "bo")} == set(faults_of(caught.value))
    with pytest.raises(ValidationError):
        Outcomes([0.5], chance=1.5)
    with pytest.raises(ValidationError):
        Outcomes("unlucky")


def test_empty_streams_have_the_columns_of_others() -> None:
    one, other = Stream(()).to_frame(), Stream(TASKS).to_frame()
    assert list(one) == list(other)
    assert Stream(()).span == 0


# -- from what is there ----------------------------------------------------------------------------


def test_a_history_comes_in_its_real_order_with_its_real_durations() -> None:
    day = pd.Timestamp("2026-03-02")
    table = pd.DataFrame(
        {
            "key": ["late", "early", "also early"],
            "made": [day + pd.Timedelta(hours=h) for h in (9, 1, 1)],
            "done": [day + pd.Timedelta(hours=10), pd.NaT, day + pd.Timedelta(hours=3)],
            "eur": [5.0, 7.0, 9.0],
            "kind": ["smb", "key", "key"],
            "region": ["north", "south", "south"],
        },
        index=[7, 7, 7],
    )
    stream = ao.streams.from_history(
        table,
        id="key",
        at="made",
        closed="done",
        value="eur",
        customer_type="kind",
        tags=["region"],
    )
    assert [task.id for task in stream.tasks] == ["early", "also early", "late"]
    assert stream.tasks[2] == ao.Task(
        "late", value=5, customer_type="smb", tags={"region": "north"}
    )
    np.testing.assert_array_equal(stream.durations, [np.nan, 7200, 3600])
    assert stream.clock == "datetime"


def test_faults_of_a_history_are_told() -> None:
    table = pd.DataFrame({"id": ["a", "b"], "at": [5.0, 9.0], "done": [4.0, 10.0]})
    with pytest.raises(ValidationError, match=r"4.0 is before 5.0. Correct one of them"):
        ao.streams.from_history(table, closed="done")
    with pytest.raises(ValidationError) as caught:
        ao.streams.from_history(table, closed="end", valeu="done", tags=["x"])
    assert set(faults_of(caught.value)) == {("closed",), ("valeu",), ("tags",)}
    with pytest.raises(ValidationError, match="not finite"):
        ao.streams.from_history(table.assign(at=[np.nan, 9.0]))


def test_tasks_without_a_start_cannot_come_at_their_start() -> None:
    problem = ao.Problem([], [ao.Task("a", start=0, end=1), ao.Task("b")])
    with pytest.raises(ValidationError, match="task 'b' has no start"):
        ao.streams.from_problem(problem, at="start")
    with pytest.raises(ValidationError, match="known: 'start'"):
        ao.streams.from_problem(problem, at="end")
    assert ao.streams.from_problem(problem, at=[0, 7]).at.tolist() == [0, 7]


# -- generators ------------------------------------------------------------------------------------

MAKERS = [
    ao.streams.iid,
    ao.streams.drift,
    ao.streams.bursts,
    ao.streams.adversarial,
]


@pytest.mark.parametrize("make", MAKERS)
def test_generators_give_the_same_for_the_same_seed(make: object) -> None:
    problem = forecast()
    texts = [make(problem, 30, seed).to_json() for seed in (3, 3, 4)]  # type: ignore[operator]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("make", MAKERS)
def test_generated_tasks_are_copies_of_the_forecast(make: object) -> None:
    problem = forecast()
    stream = make(problem, 50, 0, rate=0.1)  # type: ignore[operator]
    assert len(stream) == len(stream.copies) == 50
    for task in stream.tasks:
        origin = problem.tasks[stream.copies[task.id]]
        assert task == origin.model_copy(update={"id": task.id})
        assert task.id.startswith(origin.id + "#")


def test_iid_draws_each_task_equally_often_at_the_rate() -> None:
    problem = forecast(tasks=5)
    stream = ao.streams.iid(problem, 20_000, 0, rate=0.5)
    counts = Counter(stream.copies.values())
    assert all(abs(count - 4000) < 5 * np.sqrt(4000) for count in counts.values())
    assert stream.span == pytest.approx(40_000, rel=0.05)
    gaps = np.diff(stream.at)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)  # as of a Poisson process


def test_a_permutation_has_the_same_tasks() -> None:
    problem = forecast()
    stream = ao.streams.permutation(problem, 1)
    assert sorted(t.id for t in stream.tasks) == sorted(problem.tasks)
    assert [t.id for t in stream.tasks] != list(problem.tasks)
    assert not stream.copies
    trace = Stream(TASKS, [0, 5, 9], [1, 2, 3]).with_outcomes(0)
    mixed = ao.streams.permutation(trace, 3)
    was = {task.id: i for i, task in enumerate(trace.tasks)}
    order = [was[task.id] for task in mixed.tasks]
    assert mixed.at.tolist() == [0, 5, 9]
    assert mixed.durations.tolist() == trace.durations[order].tolist()
    assert mixed.outcomes is not None
    assert mixed.outcomes.luck.tolist() == trace.outcomes.luck[order].tolist()  # type: ignore[union-attr]
    with pytest.raises(TypeError, match="keeps its times"):
        ao.streams.permutation(trace, 1, rate=2)


def test_drift_changes_the_mix_linearly() -> None:
    problem = forecast(kinds=2)
    stream = ao.streams.drift(problem, 20_000, 0)
    kind = np.array([task.customer_type == "c0" for task in stream.tasks])
    share = kind.reshape(10, -1).mean(axis=1)
    share = share if share[0] > 0.5 else 1 - share
    np.testing.assert_allclose(share, np.linspace(0.95, 0.05, 10), atol=0.05)
    still = ao.streams.drift(problem, 20_000, 0, strength=0)
    kind = np.array([task.customer_type == "c0" for task in still.tasks])
    np.testing.assert_allclose(kind.reshape(10, -1).mean(axis=1), 0.5, atol=0.05)


def test_drift_by_a_tag_and_without_kinds() -> None:
    tasks = [ao.Task(f"t{j}", tags={"region": "north" if j < 5 else "south"}) for j in range(10)]
    problem = ao.Problem([ao.Rep("ana")], tasks)
    for by in ("region", "customer_type"):  # all are of one customer type: None
        stream = ao.streams.drift(problem, 4000, 1, by=by)
        early, late = (
            Counter(stream.copies[t.id] for t in part)
            for part in (stream.tasks[:1000], stream.tasks[-1000:])
        )
        changes = sorted(late[f"t{j}"] - early[f"t{j}"] for j in range(10))
        assert changes[0] < -50
        assert changes[-1] > 50


def test_bursts_come_in_bursts_and_reps_go_and_come_back() -> None:
    problem = forecast(reps=5)
    stream = ao.streams.bursts(problem, 20_000, 1, away=0.3, rate=2.0)
    assert stream.span == pytest.approx(10_000, rel=0.2)
    counts = np.histogram(stream.at, 1000)[0]
    assert counts.var() / counts.mean() > 3  # 1 for a Poisson process
    end, there = stream.at[-1], []
    for name in problem.reps:
        mine = [one for one in stream.events if one.who == name]
        times = [0.0, *(float(one.at) for one in mine), end]
        states = [True, *(bool(one.available) for one in mine)]
        there.append(sum(np.diff(times)[states]) / end)
        assert all(a != b for a, b in itertools.pairwise(states))
    assert np.mean(there) == pytest.approx(0.7, abs=0.07)
    assert not ao.streams.bursts(problem, 50, 1, away=0).events


def test_adversarial_lets_the_valuable_come_last() -> None:
    values = [task.value for task in ao.streams.adversarial(forecast(), 500, 2).tasks]
    assert values == sorted(values)


def test_pace_sets_times_and_durations() -> None:
    problem = forecast()
    begin = datetime(2026, 3, 2, 8)
    stream = ao.streams.iid(problem, 4, 0, rate=2, regular=True, begin=begin, duration=60)
    assert stream.to_frame()["at"].tolist() == [begin + timedelta(seconds=k / 2) for k in range(4)]
    assert stream.durations.tolist() == [60.0] * 4
    held = ao.streams.iid(problem, 5000, 0, mean_duration=60).durations
    assert held.mean() == pytest.approx(60, rel=0.1)
    timed = ao.Problem([ao.Rep("ana")], [ao.Task("a", start=100, end=160)])
    stream = ao.streams.iid(timed, 3, 0)
    assert stream.durations.tolist() == [60.0] * 3
    assert all(task.start is None for task in stream.tasks)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: ao.streams.iid(p, -1), "whole number"),
        (lambda p: ao.streams.iid(p, 3, seed=1.5), "whole number"),
        (lambda p: ao.streams.iid(p, 3, rate=0), "tasks a second"),
        (lambda p: ao.streams.iid(p, 3, duration=-1), "seconds from 0"),
        (lambda p: ao.streams.iid(p, 3, duration=1, mean_duration=1), "one of the two"),
        (lambda p: ao.streams.iid(ao.Problem([], []), 3), "no tasks to draw from"),
        (lambda p: ao.streams.iid("me"), "no problem"),
        (lambda p: ao.streams.drift(p, 3, strength=2), "0 to 1"),
        (lambda p: ao.streams.bursts(p, 3, busy=0.5, burst=3), "do not go together"),
        (lambda p: ao.streams.bursts(p, 3, away=1.0), "do not go together"),
    ],
)
def test_options_out_of_range_are_refused(call: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        call(forecast())  # type: ignore[operator]
    with pytest.raises(TypeError, match="no options"):
        ao.streams.iid(forecast(), 3, speed=3)  # type: ignore[call-arg]


def test_of_a_large_forecast_only_what_comes_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ao.streams.iid(forecast(), 8, 3)
    monkeypatch.setattr(generators, "MOST_KEPT", 5)
    problem = forecast()
    assert ao.streams.iid(problem, 8, 3).tasks == wanted.tasks
    assert "listed" not in vars(problem.tasks)


@pytest.mark.parametrize("way", ["iid", "drift", "bursts", "adversarial", "permutation"])
def test_streams_of_a_team_with_dates_begin_with_them(way: str) -> None:
    team = ao.datasets.sales_team()
    found = ao.simulate(team, [ao.policies.RoundRobin], arrivals=way, n=5, seeds=1, hindsight=False)
    assert len(found.runs) == 1


PAIR = [ao.Task("x"), ao.Task("y")]
HISTORY = pd.DataFrame(
    {"id": ["a", "b"], "at": [1.0, 2.0], "done": pd.to_datetime(["2026-01-01", "2026-01-02"])}
)


@pytest.mark.parametrize(
    ("make", "place", "words"),
    [
        (lambda: Stream(None), ("tasks",), "None is no list. Give a list of tasks"),
        (lambda: Stream(PAIR, at=5), ("at",), "5 is no list. Give a list of times"),
        (lambda: Stream(PAIR, events=None), ("events",), "None is no list"),
        (lambda: Stream(PAIR, outcomes=5), ("outcomes",), "a int is no outcomes"),
        (lambda: Stream(PAIR, copies=None), ("copies",), "None is no table"),
        (lambda: Stream(PAIR, copies={"z": "t"}), ("copies", "z"), "task 'z' does not come"),
        (lambda: Stream(PAIR).with_outcomes(-1), ("seed",), "-1 is out of range"),
        (lambda: ao.streams.from_history([1]), ("frame",), "a list is no frame"),
        (lambda: ao.streams.from_problem(5), ("problem",), "a int is no problem"),
        (
            lambda: ao.streams.from_history(HISTORY, closed="done"),
            ("done",),
            "times are datetime, those of 'at' seconds. Give both in one kind",
        ),
        (
            lambda: ao.streams.drift(ao.Problem([], PAIR), by="valeu"),
            ("by",),
            "no task has a field or a tag 'valeu'; did you mean 'value'?",
        ),
        (
            lambda: ao.streams.bursts(ao.Problem([], PAIR), regular=True),
            ("regular",),
            "bursts are not regular",
        ),
    ],
)
def test_what_is_no_stream_is_told_with_its_place(make: Any, place: Any, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        make()
    told = {fault["loc"]: fault["msg"] for fault in error.value.errors()}
    assert words in told[place]
    assert len(told) == 1


def test_a_chance_that_is_none_is_told() -> None:
    seed: Any = np.int64(0)
    stream = Stream(PAIR).with_outcomes(seed, chance=lambda task, rep: 7)
    with pytest.raises(ValueError, match="the chance of task 'x' with rep 'ana' is 7; allowed is"):
        ao.simulate(ao.Problem([ao.Rep("ana")], []), ao.policies.Random, arrivals=stream)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p, s: ao.streams.permutation(s, "x"), "seed"),
        (lambda p, s: ao.streams.permutation(s, -1), "seed"),
        (lambda p, s: ao.streams.permutation(s, None), "seed"),
        (lambda p, s: ao.streams.permutation(p, 1.5), "seed"),
        (lambda p, s: ao.streams.iid(p, 3, 0, begin="noon"), "begin"),
        (lambda p, s: ao.streams.iid(p, 3, 0, begin=float("nan")), "begin"),
        (lambda p, s: ao.streams.iid(p, 3, 0, begin=None), "begin"),
        (lambda p, s: ao.streams.iid(p, 3, 0, regular="no"), "regular"),
        (lambda p, s: ao.streams.bursts(p, 3, 0, burst="x"), "burst"),
        (lambda p, s: ao.streams.bursts(p, 3, 0, spell=None), "spell"),
        (lambda p, s: ao.streams.Stream([ao.Task("a")], at=np.array([[1.0]])), "2 dimensions"),
        (lambda p, s: ao.streams.Stream([ao.Task("a")], clock="x"), "clock"),
        (lambda p, s: ao.streams.Stream([ao.Task("a")], copies={"a": ["b"]}), "no id of a task"),
        (lambda p, s: s.in_order([0, 5]), "numbers 0 to 1"),
        (lambda p, s: s.in_order("x"), "numbers 0 to 1"),
        (
            lambda p, s: ao.streams.from_history(
                pd.DataFrame({"id": ["a"], "at": [3]}), id="id", at="at", tags=3
            ),
            "tags",
        ),
        (lambda p, s: ao.simulate(p, [ao.policies.RoundRobin], time_limit=True), "time_limit"),
        (lambda p, s: ao.simulate(p, [ao.policies.RoundRobin], window=True), "window"),
    ],
)
def test_what_makes_no_stream_is_told_with_its_place(make: Any, words: str) -> None:
    problem = ao.Problem([ao.Rep("ana")], [ao.Task("a"), ao.Task("b")])
    stream = ao.streams.Stream([ao.Task("a"), ao.Task("b")])
    with pytest.raises(ValidationError, match=words):
        make(problem, stream)


def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    problem = ao.Problem([ao.Rep("ana")], [ao.Task("a"), ao.Task("b")])
    found = ao.simulate(problem, [ao.policies.RoundRobin], batch=np.int64(2))
    assert found.runs["assigned"].tolist() == [2]
