"""Charts: a frontier, report, plan or rotation in, an altair chart out (``assignopt[plot]``).

Altair and not matplotlib: a chart is data (a Vega-Lite specification), so that it can be tested as
a dict and stored beside a plan; in a notebook it shows tooltips; ``chart.save("x.png")`` and
``.svg`` need no browser, vl-convert does that. Matplotlib has no tooltips, and what it draws can be
tested by its pixels only. Nothing of the two is imported before a chart is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from .objectives import Fairness, Tier, Weighted, maximises
from .plan import Plan
from .report import LoadReport, load_report
from .wording import counted

if TYPE_CHECKING:
    from .problem import Problem

WIDTH, HEIGHT = 560, 340
"""Size of a chart in pixels; a row of bars takes :data:`ROW`."""

ROW = 18
MARGIN = 0.1
"""Room around the points, as a share of their extent."""

BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#4a5568"

_NOTIONS = {
    "leximax": "highest {}",
    "leximin": "lowest {}",
    "minmax": "highest {}",
    "maxmin": "lowest {}",
    "range": "range of {}",
    "l2": "sum of squares of {}",
    "gini": "Gini of {}",
    "nash": "geometric mean of {}",
}
_IN_UNITS = ("leximax", "leximin", "minmax", "maxmin", "range", "nash")
_QUANTITIES = {"count": "tasks"}
_TERMS = {
    "coverage": "priority covered",
    "value": "value",
    "fit": "fit",
    "preference": "preferences met",
    "moves": "tasks moved",
    "reps_used": "reps with work",
}


class Traded(Protocol):
    """What :func:`frontier_chart` reads of a frontier."""

    @property
    def problem(self) -> Problem:
        """What was solved."""
        ...

    @property
    def x(self) -> Tier:
        """The term to the right."""
        ...

    @property
    def y(self) -> Tier:
        """The term upwards."""
        ...

    @property
    def points(self) -> pd.DataFrame:
        """Frame: x, y, proved, supported, price, engine."""
        ...

    @property
    def unknown(self) -> pd.DataFrame:
        """Frame: x_low, x_high, y_low, y_high."""
        ...

    @property
    def gap(self) -> float:
        """The share that is unknown."""
        ...

    @property
    def knee(self) -> int | None:
        """The point farthest beyond the line between the ends."""
        ...


def _altair() -> Any:
    try:
        import altair
    except ImportError as error:
        raise ImportError(
            "a chart needs altair, which is not installed. pip install assignopt[plot]"
        ) from error
    return altair


def words(tier: Tier) -> str:
    """Name a term as one would say it.

    Examples
    --------
    >>> words(Fairness("gini")), words(Fairness("range", of="count", per="nothing"))
    ('Gini of load per weight', 'range of tasks')
    """
    if isinstance(tier, Fairness):
        quantity = _QUANTITIES.get(tier.of, tier.of)
        per = " per weight" if tier.per == "weight" else ""
        who = ", reps with work" if tier.idle == "ignore" else ""
        return _NOTIONS[tier.notion].format(quantity + per) + who
    if isinstance(tier, Weighted):
        signs = ["+" if maximises(term) else "-" for term, _ in tier.terms]
        parts = [f"{weight:g} {words(term)}" for term, weight in tier.terms]
        told = " ".join(f"{sign} {part}" for sign, part in zip(signs, parts, strict=True))
        return told.removeprefix("+ ")
    return _TERMS[tier.kind]


def axis_title(tier: Tier, problem: Problem) -> str:
    """Name a term with its unit and which way is better.

    Examples
    --------
    >>> import assignopt as ao
    >>> axis_title(Fairness("range", per="nothing"), ao.Problem([], []))
    'Range of load, hours (less is better)'
    """
    unit = ""
    if isinstance(tier, Fairness) and tier.of == "load" and tier.notion in _IN_UNITS:
        unit = f", {problem.effort_unit}" + (" per unit of weight" * (tier.per == "weight"))
    told = words(tier)
    return f"{_capital(told)}{unit} ({_better(tier)} is better)"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _better(tier: Tier) -> str:
    return "more" if maximises(tier) else "less"


# -- the frontier ------------------------------------------------------------------------------


def frontier_chart(frontier: Traded) -> Any:
    """Draw a trade-off.

    A dot for each point, hollow where it is not proved; a step from dot to dot, the best of y that
    is to be had at x or better; boxes where points may be missing; notes at the two ends and at
    the knee, in shares of what the end with the best y has.

    Parameters
    ----------
    frontier
        What :func:`assignopt.frontier` gave.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    ImportError
        Without the extra ``assignopt[plot]``.
    ValueError
        When there is no point to draw.
    """
    alt = _altair()
    if frontier.points.empty:
        raise ValueError("the frontier has no points; a chart needs one. Allow more time")
    x, y = (_scale(alt, frontier, name) for name in ("x", "y"))
    layers = [
        _boxes(alt, frontier),
        _steps(alt, frontier, x, y),
        _dots(alt, frontier, x, y),
        *_notes(alt, frontier, x, y),
    ]
    return alt.layer(*[layer for layer in layers if layer is not None]).properties(
        width=WIDTH, height=HEIGHT, title=_title(alt, frontier)
    )


def _extent(frontier: Traded, name: str) -> tuple[float, float]:
    """Give the ends of an axis: the points and the finite ends of boxes, with a margin."""
    some = [frontier.points[name]]
    some += [frontier.unknown[f"{name}_{end}"] for end in ("low", "high")]
    shown = pd.concat(some).to_numpy()
    shown = shown[np.isfinite(shown)]
    low, high = float(shown.min()), float(shown.max())
    margin = MARGIN * (high - low) or max(1.0, abs(high)) * MARGIN
    return low - margin, high + margin


def _scale(alt: Any, frontier: Traded, name: str, column: str | None = None) -> Any:
    """Encode one axis, by the points or by another column."""
    tier = getattr(frontier, name)
    channel = alt.X if name == "x" else alt.Y
    scale = alt.Scale(domain=list(_extent(frontier, name)), zero=False, nice=False)
    whole = (frontier.points[name] % 1 == 0).all()  # no ticks between whole numbers
    axis = alt.Axis(tickMinStep=1) if whole else alt.Axis()
    title = axis_title(tier, frontier.problem)
    return channel(f"{column or name}:Q", title=title, scale=scale, axis=axis)


def _title(alt: Any, frontier: Traded) -> Any:
    points = frontier.points
    many = counted(len(points), "point")
    if frontier.unknown.empty:
        known = "every one there is" if points["proved"].all() else "not all proved (hollow)"
    else:
        share = "under 1%" if frontier.gap < 0.01 else f"{frontier.gap:.0%}"
        known = f"{share} of the trade-off not known yet (shaded)"
        known += "" if points["proved"].all() else ", hollow points not proved"
    told = f"{_capital(words(frontier.y))} against {words(frontier.x)}"
    return alt.Title(told, subtitle=f"{many}, {known}", anchor="start", subtitleColor=GREY)


def _boxes(alt: Any, frontier: Traded) -> Any:
    if frontier.unknown.empty:
        return None
    boxes = frontier.unknown.copy()
    for name in ("x", "y"):
        low, high = _extent(frontier, name)
        for end in ("low", "high"):
            boxes[f"{name}_{end}"] = boxes[f"{name}_{end}"].clip(low, high)
    return (
        alt.Chart(boxes)
        .mark_rect(color=GREY, opacity=0.15, stroke=GREY, strokeOpacity=0.3)
        .encode(
            x=_scale(alt, frontier, "x", "x_low"),
            x2="x_high:Q",
            y=_scale(alt, frontier, "y", "y_low"),
            y2="y_high:Q",
            tooltip=alt.value("A point may be missing here"),
        )
    )


def _steps(alt: Any, frontier: Traded, x: Any, y: Any) -> Any:
    """Draw what is to be had of y at x or better."""
    way = "step-before" if maximises(frontier.x) else "step-after"
    line = alt.Chart(frontier.points).mark_line(interpolate=way, color=BLUE, opacity=0.5)
    return line.encode(x=x, y=y)


def _dots(alt: Any, frontier: Traded, x: Any, y: Any) -> Any:
    points = frontier.points.assign(
        proof=np.where(frontier.points["proved"], "proved", "not proved"),
        weighing=np.where(frontier.points["supported"], "yes", "no"),
    )
    size = 60 if len(points) <= 60 else 25
    fill = alt.when(alt.datum.proof == "proved").then(alt.value(BLUE)).otherwise(alt.value("white"))
    return (
        alt.Chart(points)
        .mark_circle(size=size, opacity=1, stroke=BLUE, strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            color=fill,
            tooltip=[
                alt.Tooltip("x:Q", title=words(frontier.x), format=",.6~g"),
                alt.Tooltip("y:Q", title=words(frontier.y), format=",.6~g"),
                alt.Tooltip("price:Q", title=f"price in {words(frontier.y)}", format=".2%"),
                alt.Tooltip("proof:N", title="proof"),
                alt.Tooltip("weighing:N", title="found by weighing"),
            ],
        )
    )


def _notes(alt: Any, frontier: Traded, x: Any, y: Any) -> list[Any]:
    """Write at the ends and at the knee, each on the side where the curve is not."""
    points = frontier.points
    best_x = int(points["x"].argmax() if maximises(frontier.x) else points["x"].argmin())
    best_y = int(points["y"].argmax() if maximises(frontier.y) else points["y"].argmin())
    inwards = -1 if maximises(frontier.x) else 1
    behind = 1 if maximises(frontier.y) else -1
    if len(points) == 1:
        told = f"best {words(frontier.x)} and best {words(frontier.y)}: no trade-off"
        return [_note(alt, points, 0, told, (inwards, behind), x, y)]
    notes = [(best_x, against(frontier, best_x), (inwards, behind))]
    notes.append((best_y, f"best {words(frontier.y)}", (-inwards, -behind)))
    if frontier.knee is not None:
        notes.append((frontier.knee, against(frontier, frontier.knee), (inwards, behind)))
    return [_note(alt, points, at, told, side, x, y) for at, told, side in notes]


def _note(
    alt: Any, points: pd.DataFrame, at: int, told: str, side: tuple[int, int], x: Any, y: Any
) -> Any:
    align = "left" if side[0] > 0 else "right"
    mark = {"align": align, "dx": 10 * side[0], "dy": 14 * side[1], "color": ORANGE}
    text = alt.Chart(points.iloc[[at]].assign(note=told)).mark_text(**mark, fontSize=12)
    return text.encode(x=x, y=y, text="note:N")


def against(frontier: Traded, at: int) -> str:
    """Say what a point gives and what it costs, against the point with the best y.

    ``range of load 52 % lower for 1.2 % less value``; where a share makes no sense (the other value
    is 0, or one is negative), the difference stands in its place.
    """
    points = frontier.points
    best = int(points["y"].argmax() if maximises(frontier.y) else points["y"].argmin())
    one, other = points.iloc[at], points.iloc[best]
    x, y = words(frontier.x), words(frontier.y)
    gives, more = _change(one["x"], other["x"])
    gives += "" if gives[0] in "+-" else " higher" if more else " lower"
    costs, more = _change(one["y"], other["y"])
    costs += "" if costs[0] in "+-" else " more" if more else " less"
    return f"{x} {gives} for {costs} {y}"


def _change(value: float, base: float) -> tuple[str, bool]:
    """Say by how much a value differs from another, and whether it is more."""
    if base <= 0 or value < 0:
        return f"{value - base:+.4g}", value > base
    share = abs(value - base) / base
    digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2
    return f"{100 * share:.{digits}f} %", value > base


# -- shares ------------------------------------------------------------------------------------


def shares_chart(of: LoadReport | Plan) -> Any:
    """Draw the share of each rep as a bar, the largest first, with a line at the weighted mean.

    Parameters
    ----------
    of
        A report, or a plan, whose load per weight is drawn then. A report with groups has a
        colour for each.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    ImportError
        Without the extra ``assignopt[plot]``.
    NoSolutionError
        When the plan is none.
    """
    alt = _altair()
    report = load_report(of) if isinstance(of, Plan) else of
    rows = report.by_rep
    tier = Fairness("minmax", of=report.of, per=report.per)
    told = words(tier).removeprefix("highest ")
    unit = axis_title(tier, report.held.problem).split(" (")[0].removeprefix("Highest ")
    grouped = len(set(rows["group"])) > 1
    x = alt.X("share:Q", title=_capital(unit), axis=alt.Axis(tickCount=8))
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y("rep_id:N", sort=alt.SortField("share", "descending"), title=None),
            color=alt.Color("group:N", title="Group") if grouped else alt.value(BLUE),
            tooltip=[
                alt.Tooltip("rep_id:N", title="rep"),
                alt.Tooltip("share:Q", title=told, format=",.4~g"),
                alt.Tooltip("amount:Q", title=report.of, format=",.4~g"),
                alt.Tooltip("weight:Q", title="weight", format=",.4~g"),
                alt.Tooltip("index:Q", title="of the mean, in thousandths", format=".0f"),
            ],
        )
    )
    mean = float(report.overall["mean"])
    line = alt.Chart(pd.DataFrame({"share": [mean]})).mark_rule(color=ORANGE, strokeWidth=2)
    title = alt.Title(
        f"{_capital(told)}, by rep",
        subtitle=f"mean {mean:,.4g} (line), Gini {report.overall['gini']:.3f}",
        anchor="start",
        subtitleColor=GREY,
    )
    return alt.layer(bars, line.encode(x=x)).properties(
        width=WIDTH, height=alt.Step(ROW), title=title
    )


# -- rotations -------------------------------------------------------------------------------------

CELL = (7, 28)
"""Least and most pixels of a period."""


class Rotated(Protocol):
    """What :func:`rotation_chart` reads of a rotation."""

    @property
    def problem(self) -> Problem:
        """What was rotated."""
        ...

    @property
    def periods(self) -> tuple[Any, ...]:
        """The labels of the periods."""
        ...

    @property
    def schedule(self) -> pd.DataFrame:
        """Frame: period, rep_id, task_id, tenure, new."""
        ...

    @property
    def squads(self) -> pd.DataFrame:
        """Frame: squad, period, rep_id, lead."""
        ...

    @property
    def absent(self) -> pd.DataFrame:
        """Frame: period, rep_id."""
        ...

    def headline(self) -> str:
        """Say the outcome in one line."""
        ...


def rotation_chart(rotation: Rotated) -> Any:
    """Draw a row for each rep and a cell for each period in which it holds something.

    A colour stands for a task; the bars of a rep that holds several are side by side. A squad is
    grey, an absence an empty frame.

    Parameters
    ----------
    rotation
        What to draw.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    ImportError
        Without the extra ``assignopt[plot]``.
    NoSolutionError
        When there is no rotation.
    """
    alt = _altair()
    held, other = _held_cells(rotation), _other_cells(rotation)
    labels = [str(label) for label in rotation.periods]
    names = [str(name) for name in rotation.problem.rep_columns.id]
    x = alt.X("period:N", sort=labels, title=None, scale=alt.Scale(domain=labels))
    y = alt.Y("rep_id:N", sort=names, title=None, scale=alt.Scale(domain=names))
    told = [alt.Tooltip("rep_id:N", title="rep"), alt.Tooltip("period:N", title="period")]
    bars = alt.Chart(held).mark_bar(stroke="white", strokeWidth=0.5)
    bars = bars.encode(
        x=x,
        y=y,
        color=alt.Color("task_id:N", title="Task"),
        tooltip=[*told, alt.Tooltip("task_id:N", title="holds"), "tenure:Q"],
    )
    if held["place"].max() > 0:
        bars = bars.encode(xOffset=alt.XOffset("place:O", title=None))
    frames = alt.Chart(other).mark_bar(stroke=GREY, strokeWidth=0.5, fill=GREY)
    frames = frames.encode(
        x=x,
        y=y,
        fillOpacity=alt.FillOpacity("filled:Q", scale=None, legend=None),
        tooltip=[*told, alt.Tooltip("what:N", title="is")],
    )
    step = max(CELL[0], min(CELL[1], WIDTH // len(labels)))
    title = alt.Title(
        "Who holds what", subtitle=rotation.headline(), anchor="start", subtitleColor=GREY
    )
    size = {"width": alt.Step(step), "height": alt.Step(ROW)}
    return alt.layer(bars, frames).properties(**size, title=title)


def _held_cells(rotation: Rotated) -> pd.DataFrame:
    """List what is held, and its place among the tasks of a rep in a period."""
    cells = rotation.schedule
    cells["place"] = cells.groupby(["period", "rep_id"]).cumcount()
    return cells.assign(period=[str(label) for label in cells["period"]]).drop(columns="new")


def _other_cells(rotation: Rotated) -> pd.DataFrame:
    """List squads, which are filled, and absences, which are not."""
    squads = zip(*(rotation.squads[name] for name in ("period", "rep_id", "squad")), strict=True)
    rows = [(str(period), rep, f"in squad {name!r}", 0.5) for period, rep, name in squads]
    absent = zip(*(rotation.absent[name] for name in ("period", "rep_id")), strict=True)
    rows += [(str(period), rep, "absent", 0.0) for period, rep in absent]
    return pd.DataFrame(rows, columns=["period", "rep_id", "what", "filled"])
