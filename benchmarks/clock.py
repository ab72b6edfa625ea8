"""When the engines of OR-Tools are called, and for how long: the rest of a run is building."""

from __future__ import annotations

import subprocess
import time
from typing import Any


class EngineClock:
    """Times every call of an engine in this process, from now on.

    ``search`` counts the seconds in ``CpSolver.solve``, ``callbacks`` those in callbacks on
    solutions within it; ``first`` is when an engine (CP-SAT or a flow) was first called, by
    ``time.perf_counter``, None before; a process that is started counts as an engine called.
    """

    def __init__(self) -> None:
        from ortools.graph.python import max_flow, min_cost_flow
        from ortools.sat.python import cp_model

        self.search = self.callbacks = 0.0
        self.first: float | None = None
        self._timed: set[type] = set()
        self._wrap_search(cp_model.CpSolver)
        self._wrap_flow(max_flow.SimpleMaxFlow)
        self._wrap_flow(min_cost_flow.SimpleMinCostFlow)
        self._wrap_start(subprocess.Popen)

    def _called(self) -> float:
        now = time.perf_counter()
        self.first = now if self.first is None else self.first
        return now

    def _wrap_flow(self, kind: Any) -> None:
        solve = kind.solve

        def timed(flow: Any, *args: Any) -> Any:
            self._called()
            return solve(flow, *args)

        kind.solve = timed

    def _wrap_start(self, kind: Any) -> None:
        start = kind.__init__

        def timed(process: Any, *args: Any, **options: Any) -> None:
            self._called()
            start(process, *args, **options)

        kind.__init__ = timed

    def _wrap_search(self, kind: Any) -> None:
        solve = kind.solve

        def timed(solver: Any, model: Any, callback: Any = None) -> Any:
            self._wrap_callback(type(callback))
            begun = self._called()
            try:
                return solve(solver, model, callback)
            finally:
                self.search += time.perf_counter() - begun

        kind.solve = timed

    def _wrap_callback(self, kind: Any) -> None:
        if kind is type(None) or kind in self._timed:
            return
        self._timed.add(kind)
        callback = kind.on_solution_callback

        def timed(listener: Any) -> None:
            begun = time.perf_counter()
            callback(listener)
            self.callbacks += time.perf_counter() - begun

        kind.on_solution_callback = timed
