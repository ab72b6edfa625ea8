"""What is still unknown of a frontier: facts about two gains in, boxes that they leave open out.

Everything that is claimed follows from two kinds of facts. *Nothing is here*: no plan has gains at
least as good as these. *A plan is here*: what is no better than it in either gain is of no
interest. Each cuts a corner off every box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .axes import LOW

if TYPE_CHECKING:
    from ..shares import Gain
    from .axes import Axis

Corner = tuple["Gain", "Gain"]
"""A gain on each axis."""


@dataclass(frozen=True)
class Box:
    """Plans may be here: gains from ``low`` to ``high``, both included."""

    low: Corner
    high: Corner

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be in it."""
        return any(low > high or high == LOW for low, high in zip(self.low, self.high, strict=True))


class Region:
    """The boxes that no fact has closed; they do not overlap.

    Parameters
    ----------
    axes
        The two axes.
    top
        What no plan gains more than.
    """

    def __init__(self, axes: tuple[Axis, Axis], top: Corner) -> None:
        self.axes = axes
        self.boxes = [Box((LOW, LOW), top)]
        self._lines: list[tuple[int, int, int]] = []

    # -- facts -----------------------------------------------------------------------------

    def nothing_at(self, corner: Corner) -> None:
        """Note that no plan is at least as good as this corner in both gains."""
        self._replace([piece for box in self.boxes for piece in self._not_above(box, corner)])

    def plan_at(self, corner: Corner) -> None:
        """Note a plan: only what is better in one of the gains is still of interest."""
        self._replace([piece for box in self.boxes for piece in self._not_below(box, corner)])

    def line(self, weights: tuple[int, int], most: int) -> None:
        """Note that no plan has a weighted sum of its (integer) gains above ``most``."""
        self._lines.append((*weights, most))
        self._replace(self.boxes)

    # -- what follows ----------------------------------------------------------------------

    def is_open(self, corner: Corner) -> bool:
        """Tell whether a plan may exist that is at least as good as a corner."""
        return any(
            all(high >= gain for high, gain in zip(box.high, corner, strict=True))
            for box in self.boxes
        )

    def highest(self, along: int, least: Gain) -> Gain | None:
        """Bound one gain of the unknown plans whose other gain is at least ``least``."""
        open_boxes = [box for box in self.boxes if box.high[1 - along] >= least]
        return max((box.high[along] for box in open_boxes), default=None)

    def size(self, box: Box) -> float:
        """Count the pairs of gains in a box."""
        width, height = (
            axis.steps(low, high)
            for axis, low, high in zip(self.axes, box.low, box.high, strict=True)
        )
        return width * height

    # -- cutting ---------------------------------------------------------------------------

    def _not_above(self, box: Box, corner: Corner) -> list[Box]:
        x, y = corner
        if box.high[0] < x or box.high[1] < y:
            return [box]
        pieces = []
        if x > box.low[0]:
            pieces.append(replace(box, high=(self.axes[0].before(x), box.high[1])))
        if y > box.low[1]:
            low = max(box.low[0], x), box.low[1]
            pieces.append(Box(low, (box.high[0], self.axes[1].before(y))))
        return pieces

    def _not_below(self, box: Box, corner: Corner) -> list[Box]:
        x, y = corner
        if box.low[0] > x or box.low[1] > y:
            return [box]
        right = replace(box, low=(self.axes[0].after(x), box.low[1]))
        above = Box((box.low[0], self.axes[1].after(y)), (min(box.high[0], x), box.high[1]))
        return [right, above]

    def _replace(self, boxes: list[Box]) -> None:
        cut = [self._under_lines(box) for box in boxes]
        self.boxes = [box for box in cut if not box.is_empty]

    def _under_lines(self, box: Box) -> Box:
        """Lower a box's upper gains to what a weighted sum allows, given its lower gains."""
        if LOW in box.low:
            return box
        (x_low, y_low), (x_high, y_high) = ((int(a[0]), int(b[0])) for a, b in (box.low, box.high))
        for a, b, most in self._lines:
            x_high = min(x_high, (most - b * y_low) // a)
            y_high = min(y_high, (most - a * x_low) // b)
        return replace(box, high=((x_high,), (y_high,))) if self._lines else box
