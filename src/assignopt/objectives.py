"""The objective tiers: what a plan is judged by, the first tier mattering most.

Every tier is a term with a value that :func:`assignopt.audit` computes; ``maximise`` says which
way is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)

from .records import Amount, Number, Positive, Record, fault


class Tier(Record):
    """What all tiers share.

    Parameters
    ----------
    slack
        How much of this tier's value later tiers may give up, relative: 0.05 keeps 95 %.
    enough
        The value that later tiers are held to instead, if it can be reached: a target.

    Examples
    --------
    >>> Fairness("minmax", enough=0.8), Value(slack=0.05)
    (Fairness(enough=0.8, notion='minmax'), Value(slack=0.05))
    """

    maximise: ClassVar[bool] = True
    slack: Amount = Field(default=0.0, kw_only=True)
    enough: Number | None = Field(default=None, kw_only=True)
    kind: str = Field(default="", kw_only=True)

    @model_validator(mode="after")
    def _is_loose_in_one_way(self) -> Self:
        if self.slack and self.enough is not None:
            raise fault(f"slack {self.slack:g} and enough {self.enough:g} are both given. Give one")
        return self

    @property
    def label(self) -> str:
        """The tier's name in tables: its kind, and whatever tells it from others of the kind."""
        return self.kind

    @property
    def is_loose(self) -> bool:
        """Whether later tiers may give up some of what this one reaches."""
        return self.slack > 0 or self.enough is not None


class Coverage(Tier):
    """Maximise the priority of the tasks assigned.

    ``sum_t priority_t * filled_t / seats_t``: a task without roles has one seat, its owner, and
    counts in full or not at all; a task with roles counts by the share of its seats filled.

    Examples
    --------
    >>> Coverage()
    Coverage()
    """

    kind: Literal["coverage"] = Field(default="coverage", kw_only=True)


class Value(Tier):
    """Maximise the value of the pairs: worth x fit, or a pair's own value x credit.

    Examples
    --------
    >>> Value(slack=0.05)
    Value(slack=0.05)
    """

    kind: Literal["value"] = Field(default="value", kw_only=True)


class Fit(Tier):
    """Maximise the total fit of the pairs, one summand 0..1 for each seat filled."""

    kind: Literal["fit"] = Field(default="fit", kw_only=True)


class Preference(Tier):
    """Maximise preferred skills held by owners, and preferences met by whoever holds the task.

    The weights of the endorsements (preferences given *by* somebody else) of one rep are scaled
    down together until their absolute sum is at most 1: popularity alone starves nobody. Own bids
    and reluctance (a negative weight) count as given.
    """

    kind: Literal["preference"] = Field(default="preference", kw_only=True)


class Moves(Tier):
    """Minimise moves: tasks whose present owner could keep them and that get another or none.

    Parameters
    ----------
    cost
        A tag (or field) of the tasks that says what moving each of them costs, 0 or more: what a
        relationship is worth, say. None: 1 each.

    Examples
    --------
    >>> Moves(), Moves(cost="years with us")
    (Moves(), Moves(cost='years with us'))
    """

    maximise: ClassVar[bool] = False
    cost: str | None = None
    kind: Literal["moves"] = Field(default="moves", kw_only=True)

    @property
    def label(self) -> str:
        """The tier's name in tables."""
        return "moves" if self.cost is None else f"moves({self.cost})"


class RepsUsed(Tier):
    """Minimise the number of reps who get work, in any role."""

    maximise: ClassVar[bool] = False
    kind: Literal["reps_used"] = Field(default="reps_used", kw_only=True)


Notion = Literal["leximax", "leximin", "minmax", "maxmin", "range", "l2", "gini", "nash"]
Quantity = Literal["load", "count", "worth", "value", "burden"]
Decay = Annotated[Number, Field(gt=0, le=1)]

ORDERS = ("leximax", "leximin", "gini", "nash")
"""Notions that compare plans but do not add up with other terms: orders, ratios and products."""


class Fairness(Tier):
    """Share a quantity evenly among the active reps, in a named sense.

    With ``L_r`` the quantity rep ``r`` holds (its load with ``carried_load``; the history added),
    ``w_r`` the entitlement (1 with ``per="nothing"``), ``W`` the sum of the entitlements and
    ``l_r = L_r / w_r`` the share:

    * ``leximax``: minimise the largest share, then the second largest, and so on; the value is
      the largest;
    * ``leximin``: maximise the smallest share, then the second smallest, and so on; the value is
      the smallest;
    * ``minmax``: minimise ``max_r l_r``;  ``maxmin``: maximise ``min_r l_r``;
    * ``range``: minimise ``max_r l_r - min_r l_r``;
    * ``l2``: minimise ``sum_r w_r l_r**2 = sum_r L_r**2 / w_r``;
    * ``gini``: minimise ``sum_{i<j} w_i w_j |l_i - l_j| / (W sum_r L_r)``, 0 where nobody has
      anything;
    * ``nash``: give something to as many reps as possible, then maximise the product of
      ``l_r**w_r`` over those who have something; the value is that product to the power ``1 / W``
      (the geometric mean of the shares where everybody has something), 0 where nobody has. A rep
      who can get nothing is no obstacle: it is left out of the product.

    Reps whose entitlement is 0, because their capacity is, are left out. With nobody to measure
    the value is 0. With ``idle="ignore"`` an idle rep counts as a share of 0 in ``leximax``, as one
    above all others in ``leximin`` (a plan with nobody at work as all zeros), is no factor in
    ``nash`` (``W`` stays the sum over everybody measured, so that values can be compared), and does
    not count elsewhere.

    With ``slack`` later tiers are held to the value alone: the largest share for ``leximax``, the
    smallest for ``leximin``; for ``nash`` as many reps keep something, and the product may lose the
    share named.

    Parameters
    ----------
    notion
        Which of the eight.
    of
        ``load`` in effort units, ``count`` of seats, ``worth``, ``value`` or ``burden``.
    per
        ``weight``: per unit of entitlement; ``nothing``: as it is.
    idle
        ``count``: everyone is measured; ``ignore``: only the reps who get work in the plan.
    decay
        What a unit of history counts for one period later, above 0 and at most 1: rows of the
        latest period count ``decay``, those of the one before ``decay**2``, and so on.

    References
    ----------
    Ogryczak, W. and Śliwiński, T. (2003), "On solving linear programs with the ordered weighted
    averaging objective", for the orders; Nash, J. (1950), "The bargaining problem", and
    Caragiannis, I. et al. (2019), "The unreasonable fairness of maximum Nash welfare", for the
    product and for what it does with those who can get nothing.

    Examples
    --------
    >>> Fairness("range", of="burden", per="nothing")
    Fairness(notion='range', of='burden', per='nothing')
    """

    notion: Notion
    of: Quantity = "load"
    per: Literal["weight", "nothing"] = "weight"
    idle: Literal["count", "ignore"] = "count"
    decay: Decay = 1.0
    kind: Literal["fairness"] = Field(default="fairness", kw_only=True)

    @property
    def label(self) -> str:
        """``leximax(load per weight)``."""
        per = " per weight" if self.per == "weight" else ""
        working = ", working reps" if self.idle == "ignore" else ""
        decayed = f", decay {self.decay:g}" if self.decay < 1 else ""
        return f"{self.notion}({self.of}{per}{working}{decayed})"

    @property
    def is_better_high(self) -> bool:
        """Whether a higher value is better: for ``maxmin``, ``leximin`` and ``nash``."""
        return self.notion in ("maxmin", "leximin", "nash")


def _pairs_of(value: Any) -> Any:
    items = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(items, list | tuple):
        items = [items]
    if not all(isinstance(item, list | tuple) and len(item) == 2 for item in items):
        raise fault("terms are read as {term: weight}, as in Weighted({Value(): 1, Moves(): 5})")
    return tuple(({"kind": k} if isinstance(k, str) else k, w) for k, w in items)


Term = Annotated[
    Coverage | Value | Fit | Preference | Moves | RepsUsed | Fairness, Discriminator("kind")
]


class Weighted(Tier):
    """Maximise a weighted sum of terms in one tier: a trade-off.

    ``sum_k weight_k * s_k * term_k`` with ``s_k`` = +1 where more is better and -1 where less is,
    so that every weight is positive and says how much the term matters.

    Parameters
    ----------
    terms
        Term -> weight; a term without options may be named by its kind.

    Examples
    --------
    >>> Weighted({Value(): 1, "moves": 5}).label
    'weighted(1 value - 5 moves)'
    """

    terms: Annotated[tuple[tuple[Term, Positive], ...], BeforeValidator(_pairs_of)]
    kind: Literal["weighted"] = Field(default="weighted", kw_only=True)

    if TYPE_CHECKING:

        def __init__(
            self,
            terms: Mapping[Any, float],
            *,
            slack: float = 0.0,
            enough: float | None = None,
            kind: str = "weighted",
        ) -> None: ...

    @field_validator("terms")
    @classmethod
    def _has_terms(cls, terms: Any) -> Any:
        if not terms:
            raise fault("no terms. Name at least one, as in Weighted({Value(): 1, Moves(): 5})")
        if len({term for term, _ in terms}) < len(terms):
            raise fault("a term stands twice. Add its weights up")
        if any(term.is_loose for term, _ in terms):
            raise fault("slack and enough belong to the Weighted tier, not to a term inside it")
        orders = [t.notion for t, _ in terms if isinstance(t, Fairness) and t.notion in ORDERS]
        if orders:
            raise fault(
                f"{orders[0]} does not add up with other terms; allowed inside Weighted are "
                "minmax, maxmin, range and l2. Give it a tier of its own, or a slack"
            )
        return terms

    @property
    def label(self) -> str:
        """The sum as it would be written."""
        parts = [
            f"{'+' if maximises(term) else '-'} {weight:g} {term.label}"
            for term, weight in self.terms
        ]
        return f"weighted({' '.join(parts).removeprefix('+ ')})"


AnyTier = Annotated[
    Coverage | Value | Fit | Preference | Moves | RepsUsed | Fairness | Weighted,
    Discriminator("kind"),
]

TIER: TypeAdapter[AnyTier] = TypeAdapter(AnyTier)


def maximises(tier: Tier) -> bool:
    """Tell whether a higher value of ``tier`` is better.

    Examples
    --------
    >>> maximises(Fairness("minmax")), maximises(Fairness("maxmin")), maximises(Moves())
    (False, True, False)
    """
    return tier.is_better_high if isinstance(tier, Fairness) else tier.maximise


DEFAULT_OBJECTIVE: tuple[AnyTier, ...] = (Coverage(), Fairness("leximax"), Value())
"""What a Problem without objective is judged by."""
